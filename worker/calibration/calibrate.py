"""The calibration, as one column of named steps that reads like Section III of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.initialization import loss_guided_initialization
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.object_sets import object_pixel_sets
from worker.calibration.outcome import Outcome
from worker.calibration.progress import OnProgress, silent
from worker.calibration.refinement import refine
from worker.calibration.result import AlignmentLoss, CalibrationResult
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

# Fewer object points in view than this cannot hold six parameters against noise.
MIN_OBJECT_POINTS = 50


def calibrate(
    frames: Sequence[Frame],
    camera: Camera,
    initial: RigidTransform,
    config: CalibrationConfig | None = None,
    on_progress: OnProgress = silent,
) -> CalibrationResult:
    """Estimate the extrinsic that frames of one rig share.

    Args:
        frames: one or more frames of the same camera and LiDAR.
        camera: intrinsics and image size.
        initial: T_cam_lidar to start from, unbatched.
        config: profile, prior and seed; the defaults are the paper's.
        on_progress: told stage, share done and loss while it runs; may raise to stop.

    Raises:
        ValueError: no frame was given, or an image is not of the camera's size.
    """
    config = config or CalibrationConfig()
    _check(frames, camera)
    start = initial.to(config.dtype, config.device)
    object_sets = [object_pixel_sets(frame, config.classes) for frame in frames]
    loss = SemanticAlignmentLoss.from_object_sets(object_sets, camera, config.dtype, config.device)
    points = [
        torch.as_tensor(frame.points.T, dtype=config.dtype, device=config.device).contiguous() for frame in frames
    ]
    before = _evaluate(loss, start)
    conclusion = _Conclusion(loss, initial, before)

    if (obstacle := _obstacle(loss, points, start, before)) is not None:
        return conclusion.unchanged(obstacle)

    cone = ViewCone.around(start, camera, config.prior)
    reachable, nearby = loss.within(cone), [cone.select(p) for p in points]
    initialization = loss_guided_initialization(reachable, nearby, start, config, on_progress)
    if initialization.T_cam_lidar is None:
        return conclusion.unchanged(Outcome.ALL_CANDIDATES_REJECTED, initialization.num_rejected)

    refinement = refine(reachable, initialization.T_cam_lidar, config, on_progress)
    history = tuple(refinement.history_px2)
    if not refinement.is_finite:
        return conclusion.unchanged(Outcome.NON_FINITE, initialization.num_rejected, history)
    return conclusion.changed(
        refinement.T_cam_lidar,
        initialization.num_rejected,
        history,
        must_improve=initialization.initial_is_admissible,
    )


def _check(frames: Sequence[Frame], camera: Camera) -> None:
    if not frames:
        raise ValueError("a calibration needs at least one frame")
    for frame in frames:
        if frame.image_labels.shape != (camera.height, camera.width):
            raise ValueError(
                f"{frame.name}: image labels of shape {frame.image_labels.shape} do not fit a camera of "
                f"{camera.width} x {camera.height} pixels"
            )


def _evaluate(loss: SemanticAlignmentLoss, T_cam_lidar: RigidTransform) -> AlignmentLoss:
    if not loss.classes:
        return AlignmentLoss(0.0, 0.0, {})
    return AlignmentLoss.from_losses(loss.in_chunks(T_cam_lidar[None]), loss.classes)


def _obstacle(
    loss: SemanticAlignmentLoss, points: list[Tensor], initial: RigidTransform, before: AlignmentLoss
) -> Outcome | None:
    """Name what makes a calibration hopeless before it starts."""
    if not any(loss.camera.project(initial.apply(p))[2].any() for p in points):
        return Outcome.NO_POINT_IN_VIEW
    if not loss.classes:
        return Outcome.NO_COMMON_CLASS
    if loss.num_points < MIN_OBJECT_POINTS:
        return Outcome.TOO_FEW_POINTS
    if not torch.isfinite(torch.tensor(before.total_px2)):
        return Outcome.NON_FINITE
    return None


class _Conclusion:
    """Builds the result of one calibration from where it ended."""

    def __init__(self, loss: SemanticAlignmentLoss, initial: RigidTransform, before: AlignmentLoss) -> None:
        self._loss = loss
        self._initial = initial.to(torch.float64, "cpu")
        self._before = before

    def unchanged(self, outcome: Outcome, num_rejected: int = 0, history: tuple[float, ...] = ()) -> CalibrationResult:
        matrix = self._initial.matrix().numpy()
        return CalibrationResult(outcome, matrix, matrix, self._before, self._before, num_rejected, history)

    def changed(
        self, found: RigidTransform, num_rejected: int, history: tuple[float, ...], *, must_improve: bool
    ) -> CalibrationResult:
        """Judge what was found; `must_improve` where the loss before can be compared with the one after."""
        after = _evaluate(self._loss, found)
        if after.num_points < MIN_OBJECT_POINTS:
            return self.unchanged(Outcome.TOO_FEW_POINTS, num_rejected, history)
        if must_improve and not after.total_px2 < self._before.total_px2:
            return self.unchanged(Outcome.NOTHING_BETTER, num_rejected, history)
        # Through the vector in double precision, so that the returned rotation is orthonormal to its last digits.
        matrix = RigidTransform.from_vector(found.to(torch.float64, "cpu").to_vector()).matrix().numpy()
        initial = self._initial.matrix().numpy()
        return CalibrationResult(Outcome.CONVERGED, matrix, initial, self._before, after, num_rejected, history)
