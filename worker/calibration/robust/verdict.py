"""One word on an estimate, with its reasons in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from worker.calibration.robust.confidence import Confidence


class Level(StrEnum):
    """How far to trust an extrinsic."""

    HIGH = "high"
    LOW = "low"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Verdict:
    """How far to trust an extrinsic, and why.

    Attributes:
        level: the word.
        reasons: sentences, at least one.
    """

    level: Level
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Thresholds:
    """Where trust ends. Chosen on the real frames of docs/benchmarks.md, where it says what that means.

    Attributes:
        least_drop: least drop of the score per degree of turn.
        rival_margin: least lead over an estimate more than a degree away.
        cue_disagreement_deg: most that classes and the other cues may differ where a full sweep is in view. Where less
            is, they must agree more closely, as the root of its share: few points let wrong extrinsics fit as well.
        sigma_deg: greatest standard deviation of a turn.
        full_sweeps: least number of full sweeps' worth of points; with fewer, sharp maps fit by chance.
    """

    least_drop: float = 0.03
    rival_margin: float = 0.03
    cue_disagreement_deg: float = 0.8
    sigma_deg: float = 0.35
    full_sweeps: float = 0.35


def judge(confidence: Confidence, thresholds: Thresholds | None = None) -> Verdict:
    """Say `high` where every signal of trust holds, else `low` with those that do not."""
    doubts = tuple(_doubts(confidence, thresholds or Thresholds()))
    if doubts:
        return Verdict(Level.LOW, doubts)
    worst = max(confidence.sigma[name] for name in ("pitch", "yaw", "roll"))
    return Verdict(
        Level.HIGH,
        (
            "All cues the frames offer agree on this extrinsic and no other one explains them nearly as well; the "
            f"rotation is known to about {worst:.2f} degrees about every axis.",
        ),
    )


def _doubts(confidence: Confidence, limits: Thresholds) -> Iterator[str]:
    if confidence.least_drop < limits.least_drop:
        yield (
            "Turning the camera by one degree hardly changes how well it explains the frames: the scene shows too "
            "little structure. Use a frame with cars, poles or buildings, or several frames."
        )
    if confidence.rival_margin < limits.rival_margin:
        yield (
            f"Another extrinsic, {confidence.rival_distance_deg:.1f} degrees away, explains the frames almost as well. "
            "Use several frames, or state a narrower prior."
        )
    if confidence.cue_disagreement_deg > limits.cue_disagreement_deg * math.sqrt(min(1.0, confidence.full_sweeps)):
        yield (
            "The segmentation and the brightness edges ask for extrinsics "
            f"{confidence.cue_disagreement_deg:.1f} degrees apart. Look at the overlay; the networks may not know this "
            "scene."
        )
    if confidence.full_sweeps < limits.full_sweeps:
        yield (
            f"The camera sees few LiDAR points, {confidence.full_sweeps:.0%} of what a full 64-beam sweep shows: a "
            "wrong extrinsic may fit them by chance. Use several frames."
        )
    worst = max(confidence.sigma[name] for name in ("pitch", "yaw", "roll"))
    if worst > limits.sigma_deg:
        yield f"The rotation is only known to about {worst:.1f} degrees about its weakest axis. Use several frames."


def is_usable(confidence: Confidence) -> bool:
    """Tell whether every number is one."""
    return all(math.isfinite(v) for v in confidence.sigma.values()) and math.isfinite(confidence.score)
