"""ROS static transforms as YAML: one TransformStamped message, or `transforms` with several. Extrinsics only.

A transform takes coordinates in `child_frame_id` to coordinates in `header.frame_id`. A camera's frame is taken for its
optical one, the one that images refer to, unless the choice says `body`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.frames import extrinsic_between
from worker.inputs.calibration_files.structured import entry, mapping, parse_yaml_mapping, read_text
from worker.inputs.calibration_files.values import number, pose, rigid
from worker.inputs.rigid import Matrix, quaternion_wxyz_from_rotation, rotation_from_quaternion_wxyz


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the transform between the camera and the LiDAR, over other frames where need be."""
    values = parse_yaml_mapping(read_text(path), str(path))
    messages = values.get("transforms", [values])
    if not isinstance(messages, list):
        raise invalid(f"'transforms' of {path} must be a list.")
    transforms = dict(_edge(mapping(message, f"Each transform of {path}"), str(path)) for message in messages)
    return extrinsic_between(transforms, choice, "optical", str(path))


def write(calibration: SensorCalibration) -> str:
    """Write T_cam_lidar: the camera's optical frame is the parent, the LiDAR's the child."""
    T_cam_lidar = calibration.known_extrinsic("A ROS static transform")
    w, x, y, z = quaternion_wxyz_from_rotation(T_cam_lidar[:3, :3]).tolist()
    return yaml.safe_dump(
        {
            "header": {"frame_id": calibration.camera_frame},
            "child_frame_id": calibration.lidar_frame,
            "transform": {
                "translation": dict(zip("xyz", T_cam_lidar[:3, 3].tolist(), strict=True)),
                "rotation": {"x": x, "y": y, "z": z, "w": w},
            },
        },
        sort_keys=False,
    )


def _edge(message: dict[str, Any], what: str) -> tuple[tuple[str, str], Matrix]:
    header = mapping(entry(message, "header", what), f"'header' of {what}")
    parent, child = str(entry(header, "frame_id", what)), str(entry(message, "child_frame_id", what))
    what = f"{what}, {child} in {parent}"
    transform = mapping(entry(message, "transform", what), what)
    translation = mapping(entry(transform, "translation", what), what)
    rotation = mapping(entry(transform, "rotation", what), what)
    quaternion = np.array([number(entry(rotation, axis, what), what) for axis in "wxyz"])
    if abs(np.linalg.norm(quaternion) - 1) > 1e-3:
        raise invalid(f"The quaternion of {what} has length {np.linalg.norm(quaternion):.6g}, not 1.")
    column = [number(entry(translation, axis, what), what) for axis in "xyz"]
    return (parent, child), rigid(pose(rotation_from_quaternion_wxyz(quaternion), column), what)
