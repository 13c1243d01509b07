"""An evaluation by tracking: where a short climb from the given extrinsic leads, judged as a full evaluation is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.problem import Problem
from worker.calibration.progress import OnProgress, Progress, silent
from worker.calibration.robust.judgement import NO_POINT_IN_VIEW, TOO_LITTLE, Evaluation, judged, undecided
from worker.calibration.robust.local_climb import DRIFT
from worker.calibration.robust.tracking import track
from worker.calibration.transforms import RigidTransform

_LOST = (
    "The short climb of tracking ended on no clear top: the scene shows too little structure, or the extrinsic is "
    "further off than tracking reaches, about one degree. Evaluate it without tracking to find out."
)


def evaluate_by_tracking(
    frames: Sequence[Frame],
    camera: Camera,
    given: RigidTransform,
    config: CalibrationConfig | None = None,
    on_progress: OnProgress = silent,
) -> Evaluation:
    """Track from an extrinsic to the frames of a rig and say whether it has drifted.

    What only a full evaluation computes is None: the comparison with random turns, and the raw confidence.

    Args:
        frames: the newest frames of one camera and LiDAR, usually one.
        camera: intrinsics and image size.
        given: T_cam_lidar, unbatched.
        config: settings; its prior, profile and seed are not used.
        on_progress: told stage and share done while it runs; may raise to stop.

    Raises:
        ValueError: no frame was given, or an image is not of the camera's size.
    """
    problem = Problem.pose(frames, camera, given, replace(config or CalibrationConfig(), prior=DRIFT))
    if not problem.sees_points:
        return undecided(problem, NO_POINT_IN_VIEW)
    tracked = track(frames, camera, given, problem.config)
    on_progress(Progress("refinement", 0.8))
    if tracked is None:
        return undecided(problem, TOO_LITTLE)
    if tracked.is_lost:
        return undecided(problem, _LOST)
    return judged(problem, tracked.T_cam_lidar, tracked.departure, gain=tracked.gain)
