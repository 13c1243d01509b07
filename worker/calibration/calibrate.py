"""The one entry to the numerical core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig, Profile
from worker.calibration.frame import Frame
from worker.calibration.paper import calibrate_as_published
from worker.calibration.problem import Problem
from worker.calibration.progress import OnProgress, silent
from worker.calibration.result import CalibrationResult
from worker.calibration.robust.calibrate import calibrate_robustly
from worker.calibration.transforms import RigidTransform

_PROFILES: Mapping[Profile, Callable[[Problem, OnProgress], CalibrationResult]] = MappingProxyType(
    {"robust": calibrate_robustly, "paper": calibrate_as_published}
)


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
        config: profile, prior and seed.
        on_progress: told stage, share done and loss while it runs; may raise to stop.

    Raises:
        ValueError: no frame was given, or an image is not of the camera's size.
    """
    config = config or CalibrationConfig()
    problem = Problem.pose(frames, camera, initial, config)
    return _PROFILES[config.profile](problem, on_progress)
