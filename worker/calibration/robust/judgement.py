"""What is said of a given extrinsic once it is known where the frames lead from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from worker.calibration.problem import Problem
from worker.calibration.problem import evaluate as alignment_loss
from worker.calibration.result import AlignmentLoss
from worker.calibration.robust.confidence import Confidence
from worker.calibration.robust.departure import Departure, DriftTest
from worker.calibration.robust.local_climb import DRIFT
from worker.calibration.transforms import RigidTransform

# A drift that is only seen when larger than this (deg) about any axis makes frames useless for the watch.
_USEFUL_DEG = 2.5
_TURNS = ("pitch", "yaw", "roll")

NO_POINT_IN_VIEW = (
    "The extrinsic puts no LiDAR point into the image; check its direction (LiDAR to camera or camera to LiDAR) and "
    "its axes."
)
TOO_LITTLE = (
    "The image and the point cloud have too little in common to compare; use a frame that shows more, or several "
    "frames."
)


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
        gain: how much better the estimate explains the frames, nats an observation.
        comparison: the given extrinsic beside random turns of it; None where it was tracked.
        confidence: the raw numbers on how well the estimate is determined; likewise.
        test: how drift is told from chance.
    """

    verdict: DriftVerdict
    reasons: tuple[str, ...]
    T_cam_lidar: npt.NDArray[np.float64]
    loss: AlignmentLoss
    estimate_T_cam_lidar: npt.NDArray[np.float64] | None = None
    loss_at_estimate: AlignmentLoss | None = None
    departure: Departure | None = None
    gain: float | None = None
    comparison: Comparison | None = None
    confidence: Confidence | None = None
    test: DriftTest = field(default_factory=DriftTest)


def undecided(problem: Problem, reason: str) -> Evaluation:
    """Say that frames cannot tell, and why."""
    return Evaluation(DriftVerdict.CANNOT_TELL, (reason,), problem.initial.matrix().numpy(), problem.before)


def judged(
    problem: Problem,
    estimate: RigidTransform,
    departure: Departure,
    *,
    gain: float,
    doubts: Sequence[str] = (),
    contradictions: Sequence[str] = (),
) -> Evaluation:
    """Say whether the given extrinsic has drifted.

    Args:
        problem: the given extrinsic and the frames.
        estimate: T_cam_lidar, unbatched, the nearest one that the frames ask for.
        departure: what leads there.
        gain: how much better it explains the frames, nats an observation.
        doubts: why the estimate may be wrong, in sentences: enough not to call the extrinsic drifted.
        contradictions: what speaks against no better one being nearby, in sentences: enough not to call it aligned.
    """
    test = DriftTest()
    verdict, reasons = _word_on(departure, test, doubts, contradictions)
    return Evaluation(
        verdict=verdict,
        reasons=tuple(reasons),
        T_cam_lidar=problem.initial.matrix().numpy(),
        loss=problem.before,
        estimate_T_cam_lidar=estimate.to(dtype=problem.initial.translation.dtype, device="cpu").matrix().numpy(),
        loss_at_estimate=alignment_loss(problem.loss, estimate),
        departure=departure,
        gain=gain,
        test=test,
    )


def _word_on(
    departure: Departure, test: DriftTest, doubts: Sequence[str], contradictions: Sequence[str]
) -> tuple[DriftVerdict, list[str]]:
    seen = departure.smallest_visible(test)
    worst = max(seen[name] for name in _TURNS)
    if departure.statistic(test) > test.threshold:
        if doubts:
            return DriftVerdict.CANNOT_TELL, [*doubts]
        return DriftVerdict.DRIFTED, [_drift_sentence(departure)]
    if worst > _USEFUL_DEG:
        return DriftVerdict.CANNOT_TELL, [
            f"A turn of less than {worst:.1f} degrees about one of the axes would not have been seen: the scene shows "
            "too little structure. Use a frame with cars, poles or buildings, or several frames.",
            *doubts,
        ]
    if contradictions:
        return DriftVerdict.CANNOT_TELL, [*contradictions]
    return DriftVerdict.ALIGNED, [
        f"The frames ask for no other extrinsic: the nearest best one lies {departure.rotation_deg:.2f} degrees away, "
        f"which is within what chance explains. Turns of {worst:.2f} degrees or more about any axis would have been "
        "seen."
    ]


def _drift_sentence(departure: Departure) -> str:
    turns = ", ".join(f"{name} {departure.along[name]:+.2f}" for name in _TURNS)
    where = f"{departure.rotation_deg:.2f} degrees and {departure.shift_m * 100:.0f} cm away ({turns} degrees)"
    if departure.rotation_deg > DRIFT.rotation_deg:
        return (
            f"The frames ask for another extrinsic. The best one nearby lies {where}, beyond the "
            f"{DRIFT.rotation_deg:.0f} degrees that this looks far: the right one may lie much further. Calibrate "
            "again."
        )
    return (
        f"The frames ask for an extrinsic {where}, more than chance explains. Calibrate again; what this says of the "
        "size is a first guess."
    )
