"""Only a given extrinsic: how well it explains frames, and whether it has drifted. Nothing is searched for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.outcome import Outcome
from worker.calibration.problem import MIN_OBJECT_POINTS, Problem
from worker.calibration.progress import OnProgress, Progress, silent
from worker.calibration.robust.confidence import Confidence, assess
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.departure import Departure
from worker.calibration.robust.frame_weights import shared_votes
from worker.calibration.robust.judgement import NO_POINT_IN_VIEW, TOO_LITTLE, Comparison, Evaluation, judged, undecided
from worker.calibration.robust.local_climb import DRIFT, NO_TOP_DROP, Surroundings, climb, drift_prior, look_around
from worker.calibration.robust.verdict import Thresholds, is_usable
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

_FLAT = (
    "Turning the camera by one degree hardly changes how well it explains the frames: either the scene shows too "
    "little structure, or the extrinsic is further off than this looks. Calibrate to find out."
)
_HALF = 0.5


def evaluate_extrinsic(
    frames: Sequence[Frame],
    camera: Camera,
    given: RigidTransform,
    config: CalibrationConfig | None = None,
    on_progress: OnProgress = silent,
) -> Evaluation:
    """Score an extrinsic on frames of one rig and say whether it has drifted.

    Args:
        frames: one or more frames of the same camera and LiDAR.
        camera: intrinsics and image size.
        given: T_cam_lidar, unbatched.
        config: seed and settings; its prior is not used.
        on_progress: told stage and share done while it runs; may raise to stop.

    Raises:
        ValueError: no frame was given, or an image is not of the camera's size.
    """
    problem = Problem.pose(frames, camera, given, replace(config or CalibrationConfig(), prior=DRIFT))
    if not problem.sees_points:
        return undecided(problem, NO_POINT_IN_VIEW)
    cone = ViewCone.around(problem.start, camera, DRIFT)
    cues = [FrameCues.from_frame(f, camera, cone, problem.config.dtype, problem.config.device) for f in frames]
    kept = [index for index, cue in enumerate(cues) if cue.semantic.is_informative]
    if sum(float(cues[index].semantic.membership.sum()) for index in kept) < MIN_OBJECT_POINTS:
        return undecided(problem, TOO_LITTLE)
    cues = [cues[index] for index in kept]
    weights = shared_votes([frames[index] for index in kept])

    around = look_around(cues, weights, problem.start, problem.config)
    on_progress(Progress("initialization", 1.0))
    found = climb(cues, weights, problem.start, around, problem.config)
    on_progress(Progress("refinement", 0.8))
    confidence = assess(found)
    if not (is_usable(confidence) and math.isfinite(found.best.at.value)):
        return undecided(problem, Outcome.NON_FINITE.sentence.split(";")[0] + ".")
    pose, objective = found.best.T_cam_lidar, found.objective
    gain = (objective.evidence(pose).value - objective.evidence(problem.start).value) / objective.all_observations
    departure = Departure(drift_prior(problem.start).deviation(pose), confidence.covariance.numpy())
    told = judged(
        problem,
        pose,
        departure,
        gain=gain,
        doubts=list(_doubts(confidence)),
        contradictions=list(_contradictions(confidence, around)),
    )
    return replace(told, comparison=Comparison(around.z_score, around.share_beaten), confidence=confidence)


def _contradictions(confidence: Confidence, around: Surroundings) -> Iterator[str]:
    # Far from the right extrinsic a climb may end where it began, on a ripple of the slope.
    if confidence.least_drop <= NO_TOP_DROP:
        yield _FLAT
    if around.share_beaten < _HALF:
        yield (
            "Most small turns of the camera explain the frames better than this extrinsic does, and yet none nearby "
            "stands out: it is further off than this looks. Calibrate to find out."
        )


def _doubts(confidence: Confidence) -> Iterator[str]:
    limits = Thresholds()
    if confidence.least_drop < limits.least_drop:
        yield _FLAT
    if confidence.cue_disagreement_deg > limits.cue_disagreement_deg:
        yield (
            "The segmentation and the brightness edges ask for extrinsics "
            f"{confidence.cue_disagreement_deg:.1f} degrees apart; the networks may not know this scene."
        )
