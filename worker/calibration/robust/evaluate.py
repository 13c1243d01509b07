"""Only a given extrinsic: how well it explains frames, and whether it has drifted. Nothing is searched for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.outcome import Outcome
from worker.calibration.problem import MIN_OBJECT_POINTS, Problem
from worker.calibration.problem import evaluate as alignment_loss
from worker.calibration.progress import OnProgress, Progress, silent
from worker.calibration.result import AlignmentLoss
from worker.calibration.robust.confidence import Confidence, assess
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.departure import Departure, DriftTest
from worker.calibration.robust.estimate import Estimate
from worker.calibration.robust.frame_weights import shared_votes
from worker.calibration.robust.local_climb import DRIFT, climb, drift_prior, look_around
from worker.calibration.robust.verdict import Thresholds, is_usable
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

# A drift that is only seen when larger than this (deg) about any axis makes frames useless for the watch.
_USEFUL_DEG = 2.5
_TURNS = ("pitch", "yaw", "roll")


class DriftVerdict(StrEnum):
    """What frames say of an extrinsic."""

    ALIGNED = "aligned"
    DRIFTED = "drifted"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Comparison:
    """An extrinsic beside random turns of it by up to 2.5 degrees.

    Attributes:
        z_score: by how many standard deviations its score is better than theirs.
        share_beaten: the share of them that explain the frames worse.
    """

    z_score: float
    share_beaten: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What frames say of an extrinsic.

    Attributes:
        verdict: in a word.
        reasons: why, in sentences.
        T_cam_lidar: (4, 4) the extrinsic as it was given.
        loss: Eq. 1 there.
        estimate_T_cam_lidar: (4, 4) the nearest extrinsic that the frames ask for; None where there is none.
        loss_at_estimate: Eq. 1 there.
        departure: what leads from the one to the other.
        comparison: the given extrinsic beside random turns of it.
        gain: how much better the estimate explains the frames, nats an observation.
        confidence: the raw numbers on how well the estimate is determined.
        test: how drift is told from chance.
    """

    verdict: DriftVerdict
    reasons: tuple[str, ...]
    T_cam_lidar: npt.NDArray[np.float64]
    loss: AlignmentLoss
    estimate_T_cam_lidar: npt.NDArray[np.float64] | None = None
    loss_at_estimate: AlignmentLoss | None = None
    departure: Departure | None = None
    comparison: Comparison | None = None
    gain: float | None = None
    confidence: Confidence | None = None
    test: DriftTest = field(default_factory=DriftTest)


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
        return _undecided(problem, _NO_POINT_IN_VIEW)
    cone = ViewCone.around(problem.start, camera, DRIFT)
    cues = [FrameCues.from_frame(f, camera, cone, problem.config.dtype, problem.config.device) for f in frames]
    kept = [index for index, cue in enumerate(cues) if cue.semantic.is_informative]
    if sum(float(cues[index].semantic.membership.sum()) for index in kept) < MIN_OBJECT_POINTS:
        return _undecided(problem, _TOO_LITTLE)
    cues = [cues[index] for index in kept]
    weights = shared_votes([frames[index] for index in kept])

    around = look_around(cues, weights, problem.start, problem.config)
    on_progress(Progress("initialization", 1.0))
    found = climb(cues, weights, problem.start, around, problem.config)
    on_progress(Progress("refinement", 0.8))
    confidence = assess(found)
    if not (is_usable(confidence) and math.isfinite(found.best.at.value)):
        return _undecided(problem, Outcome.NON_FINITE.sentence.split(";")[0] + ".")
    return _told(problem, found, confidence, Comparison(around.z_score, around.share_beaten))


def judge_departure(departure: Departure, confidence: Confidence, test: DriftTest) -> tuple[DriftVerdict, list[str]]:
    """Say in a word whether a departure is drift, and why."""
    doubts = list(_doubts(confidence))
    seen = departure.smallest_visible(test)
    worst = max(seen[name] for name in _TURNS)
    if departure.statistic(test) > test.threshold:
        if doubts:
            return DriftVerdict.CANNOT_TELL, doubts
        return DriftVerdict.DRIFTED, [_drift_sentence(departure, seen)]
    if worst > _USEFUL_DEG:
        return DriftVerdict.CANNOT_TELL, [
            f"A turn of less than {worst:.1f} degrees about one of the axes would not have been seen: the scene shows "
            "too little structure. Use a frame with cars, poles or buildings, or several frames.",
            *doubts,
        ]
    return DriftVerdict.ALIGNED, [
        f"The frames ask for no other extrinsic: the nearest best one lies {departure.rotation_deg:.2f} degrees away, "
        f"which is within what chance explains. Turns of {worst:.2f} degrees or more about any axis would have been "
        "seen."
    ]


_NO_POINT_IN_VIEW = (
    "The extrinsic puts no LiDAR point into the image; check its direction (LiDAR to camera or camera to LiDAR) and "
    "its axes."
)
_TOO_LITTLE = (
    "The image and the point cloud have too little in common to compare; use a frame that shows more, or several "
    "frames."
)


def _drift_sentence(departure: Departure, seen: Mapping[str, float]) -> str:
    turns = ", ".join(f"{name} {departure.along[name]:+.2f}" for name in _TURNS)
    return (
        f"The frames ask for an extrinsic {departure.rotation_deg:.2f} degrees and {departure.shift_m * 100:.0f} cm "
        f"away ({turns} degrees), more than chance explains. Calibrate again; what this says of the size is a first "
        "guess."
    )


def _doubts(confidence: Confidence) -> Iterator[str]:
    limits = Thresholds()
    if confidence.least_drop < limits.least_drop:
        yield (
            "Turning the camera by one degree hardly changes how well it explains the frames: either the scene shows "
            "too little structure, or the extrinsic is further off than this looks. Calibrate to find out."
        )
    if confidence.cue_disagreement_deg > limits.cue_disagreement_deg:
        yield (
            "The segmentation and the brightness edges ask for extrinsics "
            f"{confidence.cue_disagreement_deg:.1f} degrees apart; the networks may not know this scene."
        )


def _told(problem: Problem, found: Estimate, confidence: Confidence, comparison: Comparison) -> Evaluation:
    pose, test = found.best.T_cam_lidar, DriftTest()
    xi = drift_prior(problem.start).deviation(pose)
    departure = Departure(xi, confidence.covariance.numpy())
    verdict, reasons = judge_departure(departure, confidence, test)
    observations = found.objective.observations * sum(frame.weight for frame in found.objective.frames)
    gain = found.objective.evidence(pose).value - found.objective.evidence(problem.start).value
    return Evaluation(
        verdict=verdict,
        reasons=tuple(reasons),
        T_cam_lidar=problem.initial.matrix().numpy(),
        loss=problem.before,
        estimate_T_cam_lidar=pose.to(dtype=problem.initial.translation.dtype, device="cpu").matrix().numpy(),
        loss_at_estimate=alignment_loss(problem.loss, pose),
        departure=departure,
        comparison=comparison,
        gain=gain / observations,
        confidence=confidence,
        test=test,
    )


def _undecided(problem: Problem, reason: str) -> Evaluation:
    return Evaluation(DriftVerdict.CANNOT_TELL, (reason,), problem.initial.matrix().numpy(), problem.before)
