"""Detection curves: thresholds chosen on some frames, shares of the noticed drifts on others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from worker.bench.drift import Watch
from worker.calibration.robust.judgement import DriftVerdict
from worker.rigs.estimate import DriftEstimate

FALSE_ALARMS = 0.01
_DIRECTIONS = 6


@dataclass(frozen=True)
class Count:
    """How many of the drifts shown were noticed."""

    noticed: int
    shown: int

    @property
    def share(self) -> float:
        """Return the share noticed."""
        return self.noticed / self.shown


@dataclass(frozen=True)
class Curve:
    """Drifts noticed, by their size (deg); those of size 0 are the false alarms.

    Attributes:
        title: how it is called.
        counts: by size, the smallest first.
    """

    title: str
    counts: dict[float, Count]


def chosen_threshold(right: Sequence[Watch]) -> float:
    """Return the threshold of 1 % false alarms on squared lengths, from frames that were shown no drift.

    The lengths of right extrinsics follow a chi-squared distribution with six degrees of freedom but for one factor,
    which is estimated from their mean; so few of them say nothing of their own 99th percentile. That the factor is an
    estimate makes it Fisher's distribution. Frames that could not tell raise no alarm, and say nothing of the factor.
    """
    lengths = [each.squared_length for each in right if each.size_deg == 0 and each.xi]
    return float(fdtri(_DIRECTIONS, _DIRECTIONS * len(lengths), 1 - FALSE_ALARMS)) * float(np.mean(lengths))


def one_frame_curve(title: str, pairs: Iterable[tuple[float, Sequence[Watch]]]) -> Curve:
    """Count what single frames notice.

    Args:
        title: how the curve is called.
        pairs: thresholds, and the watches that each of them is to judge.
    """
    return _curve(title, [(w.size_deg, w.squared_length > threshold) for threshold, ws in pairs for w in ws])


def halves(watches: Sequence[Watch]) -> tuple[list[Watch], list[Watch]]:
    """Split watches into those of every second frame, by name, and the others."""
    names = sorted({each.frame for each in watches})
    first = [each for each in watches if each.frame in names[::2]]
    return first, [each for each in watches if each.frame in names[1::2]]


def verdict_curve(title: str, watches: Sequence[Watch]) -> Curve:
    """Count what single frames call drifted with the settings that users have."""
    return _curve(title, [(each.size_deg, each.verdict == DriftVerdict.DRIFTED) for each in watches])


def several_frames_curve(
    title: str, watches: Sequence[Watch], frames_per_watch: int, *, threshold: float, draws: int, seed: int
) -> Curve:
    """Count what the running estimate of a rig notices after several frames.

    Args:
        title: how the curve is called.
        watches: of frames of one rig.
        frames_per_watch: how many of them are drawn, without putting back.
        threshold: on the squared length of the running estimate.
        draws: how often, for each drift, where there are more frames than are drawn.
        seed: of the draws.

    Raises:
        ValueError: there are fewer frames.
    """
    names = sorted({each.frame for each in watches})
    if len(names) < frames_per_watch:
        raise ValueError(f"{frames_per_watch} frames cannot be drawn from {len(names)}: ask for fewer")
    rng, outcomes = np.random.default_rng(seed), []
    for size, trial in sorted({(each.size_deg, each.trial) for each in watches}):
        of_case = {each.frame: each for each in watches if (each.size_deg, each.trial) == (size, trial)}
        for _ in range(draws if len(names) > frames_per_watch else 1):
            chosen = rng.choice(names, frames_per_watch, replace=False)
            outcomes.append((size, fused([of_case[name] for name in chosen]).squared_length > threshold))
    return _curve(title, outcomes)


def fused(watches: Iterable[Watch]) -> DriftEstimate:
    """Return the running estimate of a rig after these frames, taken within a moment."""
    estimate = DriftEstimate.unknown()
    for each in watches:
        if each.xi:
            estimate = estimate.after(np.array(each.xi), np.array(each.covariance), 0.0)
    return estimate


def _curve(title: str, outcomes: Sequence[tuple[float, bool]]) -> Curve:
    shown, noticed = Counter(size for size, _ in outcomes), Counter(size for size, seen in outcomes if seen)
    return Curve(title, {size: Count(noticed[size], shown[size]) for size in sorted(shown)})
