"""The extrinsic a caller believes in, in the forms people have it."""

from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from worker.inputs.json_values import Matrix4, Vector3, Vector4
from worker.inputs.rigid import (
    RIGID_TOLERANCE,
    Matrix,
    inverse_rigid,
    nearest_rigid,
    rigid_problem,
    rotation_from_quaternion_wxyz,
    rotation_from_rpy,
)

EXAMPLE_INITIAL: JsonDict = {"T_cam_lidar": [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]]}
_EXAMPLE_QUATERNION: JsonDict = {
    "translation_m": [0.05, -0.06, -0.29],
    "quaternion_wxyz": [0.5, 0.5, -0.5, 0.5],
    "direction": "lidar_to_camera",
}


class InitialExtrinsic(BaseModel):
    """Where the camera is believed to be relative to the LiDAR.

    Either `T_cam_lidar`, or `translation_m` with exactly one rotation and the `direction` that both describe.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [EXAMPLE_INITIAL, _EXAMPLE_QUATERNION]},
    )

    T_cam_lidar: Matrix4 | None = None
    """4x4 rigid transform, rows: p_cam = T_cam_lidar @ p_lidar, metres."""
    translation_m: Vector3 | None = None
    """The transform's translation column, metres."""
    quaternion_wxyz: Vector4 | None = None
    """Unit quaternion, scalar first."""
    quaternion_xyzw: Vector4 | None = None
    """Unit quaternion, scalar last."""
    rpy_deg: Vector3 | None = None
    """Roll, pitch, yaw in degrees: R = Rz(yaw) Ry(pitch) Rx(roll)."""
    direction: Literal["lidar_to_camera", "camera_to_lidar"] | None = None
    """`lidar_to_camera` where p_cam = R p_lidar + t, `camera_to_lidar` where p_lidar = R p_cam + t."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_form()
        if self.T_cam_lidar is not None:
            problem = rigid_problem(np.array(self.T_cam_lidar))
            if problem is not None:
                raise PydanticCustomError(
                    "non-rigid-extrinsic", "T_cam_lidar is not a rigid transform: {problem}.", {"problem": problem}
                )
        quaternion = self.quaternion_wxyz or self.quaternion_xyzw
        if quaternion is not None and abs(np.linalg.norm(quaternion) - 1) > RIGID_TOLERANCE:
            raise PydanticCustomError(
                "non-rigid-extrinsic",
                "The quaternion must have length 1; it has {length}.",
                {"length": f"{np.linalg.norm(quaternion):.6g}"},
            )
        return self

    def _check_form(self) -> None:
        rotations = [self.quaternion_wxyz, self.quaternion_xyzw, self.rpy_deg]
        num_rotations = sum(rotation is not None for rotation in rotations)
        if self.T_cam_lidar is not None:
            if num_rotations or self.translation_m is not None or self.direction is not None:
                raise PydanticCustomError(
                    "invalid-extrinsic",
                    "T_cam_lidar stands alone: remove translation_m, the rotation and direction, or T_cam_lidar.",
                )
            return
        if self.translation_m is None or num_rotations != 1:
            raise PydanticCustomError(
                "invalid-extrinsic",
                "Give T_cam_lidar, or translation_m with exactly one of quaternion_wxyz, quaternion_xyzw and rpy_deg.",
            )
        if self.direction is None:
            raise PydanticCustomError(
                "invalid-extrinsic",
                "Say which way the transform goes: direction is 'lidar_to_camera' (p_cam = R p_lidar + t) or "
                "'camera_to_lidar' (p_lidar = R p_cam + t).",
            )

    def matrix(self) -> Matrix:
        """Return T_cam_lidar as a (4, 4) array, metres, its rotation freed of rounding."""
        if self.T_cam_lidar is not None:
            return nearest_rigid(np.array(self.T_cam_lidar))
        transform = np.eye(4)
        transform[:3, :3] = self._rotation()
        transform[:3, 3] = self.translation_m
        return transform if self.direction == "lidar_to_camera" else inverse_rigid(transform)

    def _rotation(self) -> Matrix:
        if self.quaternion_wxyz is not None:
            return rotation_from_quaternion_wxyz(np.array(self.quaternion_wxyz))
        if self.quaternion_xyzw is not None:
            return rotation_from_quaternion_wxyz(np.roll(self.quaternion_xyzw, 1))
        assert self.rpy_deg is not None
        roll, pitch, yaw = np.deg2rad(self.rpy_deg)
        return rotation_from_rpy(roll, pitch, yaw)
