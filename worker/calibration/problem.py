"""A calibration as posed: what is common to all profiles before any of them starts, and how each of them ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.object_sets import object_pixel_sets
from worker.calibration.outcome import Outcome
from worker.calibration.parallel import for_each
from worker.calibration.result import AlignmentLoss, CalibrationResult, SearchRecord
from worker.calibration.transforms import RigidTransform

# Fewer object points in view than this cannot hold six parameters against noise.
MIN_OBJECT_POINTS = 50


@dataclass(frozen=True)
class Problem:
    """Frames of one rig, their camera, and where to start.

    Attributes:
        frames: one or more.
        camera: intrinsics and image size.
        initial: T_cam_lidar as the caller gave it, float64.
        start: the same in the precision and on the device of the computation.
        config: settings.
        loss: Eq. 1 over all points.
        points: every LiDAR point of each frame, (3, N), metres, LiDAR frame.
        before: Eq. 1 at the initial extrinsic.
    """

    frames: Sequence[Frame]
    camera: Camera
    initial: RigidTransform
    start: RigidTransform
    config: CalibrationConfig
    loss: SemanticAlignmentLoss
    points: list[Tensor]
    before: AlignmentLoss

    @classmethod
    def pose(
        cls, frames: Sequence[Frame], camera: Camera, initial: RigidTransform, config: CalibrationConfig
    ) -> Problem:
        """Gather object pixel sets and compute the alignment fields.

        Raises:
            ValueError: no frame was given, or an image is not of the camera's size.
        """
        _check(frames, camera)
        start = initial.to(config.dtype, config.device)
        object_sets = for_each(lambda frame: object_pixel_sets(frame, config.classes), frames)
        loss = SemanticAlignmentLoss.from_object_sets(object_sets, camera, config.dtype, config.device)
        points = [
            torch.as_tensor(frame.points.T, dtype=config.dtype, device=config.device).contiguous() for frame in frames
        ]
        before = evaluate(loss, start)
        return cls(frames, camera, initial.to(torch.float64, "cpu"), start, config, loss, points, before)

    @property
    def sees_points(self) -> bool:
        """Tell whether the initial extrinsic puts any LiDAR point into the image."""
        return any(bool(self.camera.project(self.start.apply(p))[2].any()) for p in self.points)

    def loss_at(self, T_cam_lidar: RigidTransform) -> float:
        """Return Eq. 1 at one extrinsic, px^2."""
        return evaluate(self.loss, T_cam_lidar).total_px2

    def unchanged(self, outcome: Outcome, record: SearchRecord | None = None) -> CalibrationResult:
        """End with the initial extrinsic."""
        matrix = self.initial.matrix().numpy()
        return CalibrationResult(outcome, matrix, matrix, self.before, self.before, record or SearchRecord())

    def changed(self, found: RigidTransform, record: SearchRecord) -> CalibrationResult:
        """End with an extrinsic that was found."""
        # Through the vector in double precision, so that the returned rotation is orthonormal to its last digits.
        matrix = RigidTransform.from_vector(found.to(torch.float64, "cpu").to_vector()).matrix().numpy()
        after = evaluate(self.loss, found)
        return CalibrationResult(Outcome.CONVERGED, matrix, self.initial.matrix().numpy(), self.before, after, record)


def evaluate(loss: SemanticAlignmentLoss, T_cam_lidar: RigidTransform) -> AlignmentLoss:
    """Return Eq. 1 at one extrinsic (unbatched); 0 over no class where none is common."""
    if not loss.classes:
        return AlignmentLoss(0.0, 0.0, {})
    return AlignmentLoss.from_losses(loss.in_chunks(T_cam_lidar[None]), loss.classes)


def _check(frames: Sequence[Frame], camera: Camera) -> None:
    if not frames:
        raise ValueError("a calibration needs at least one frame")
    for frame in frames:
        if frame.image_labels.shape != (camera.height, camera.width):
            raise ValueError(
                f"{frame.name}: image labels of shape {frame.image_labels.shape} do not fit a camera of "
                f"{camera.width} x {camera.height} pixels"
            )
