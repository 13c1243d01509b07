"""How small a drift is noticed: known extrinsics turned by known angles, and what frames say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation
from scipy.special import fdtri

from worker.bench.frames import BenchFrame
from worker.calibration.config import CalibrationConfig
from worker.calibration.robust.evaluate import DriftVerdict, evaluate_extrinsic
from worker.calibration.transforms import RigidTransform
from worker.rigs.estimate import DriftEstimate

SIZES_DEG = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0)
"""The drifts of the published curve."""

_FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Drift:
    """A turn of the camera about its own centre.

    Attributes:
        size_deg: its angle.
        axis: (3,) unit vector, camera frame.
    """

    size_deg: float
    axis: tuple[float, float, float]

    @classmethod
    def drawn(cls, size_deg: float, seed: int, trial: int) -> Drift:
        """Draw the axis uniformly from the sphere: the same one for all sizes of a trial."""
        axis = np.random.default_rng([seed, trial]).normal(size=3)
        x, y, z = (axis / np.linalg.norm(axis)).tolist()
        return cls(size_deg, (x, y, z))

    def of(self, T_cam_lidar: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the extrinsic that somebody still believes in after the camera has turned by this."""
        turn = np.eye(4)
        turn[:3, :3] = Rotation.from_rotvec(np.radians(self.size_deg) * np.array(self.axis)).as_matrix()
        return turn @ T_cam_lidar


@dataclass(frozen=True)
class Watch:
    """What one frame said of one drift.

    Attributes:
        frame: its name.
        size_deg: of the drift.
        trial: number of the axis.
        xi: (6,) the departure it asks for, rad and m; empty where it could not tell at all.
        covariance: (6, 6) of it; empty likewise.
        verdict: the word on it.
        z_score: of the given extrinsic among random turns of it.
    """

    frame: str
    size_deg: float
    trial: int
    xi: list[float]
    covariance: list[list[float]]
    verdict: str
    z_score: float | None


def watch(frame: BenchFrame, drift: Drift, trial: int, config: CalibrationConfig) -> Watch:
    """Evaluate a drifted extrinsic on one frame."""
    given = RigidTransform.from_matrix(drift.of(frame.T_cam_lidar))
    told = evaluate_extrinsic([frame.frame], frame.camera, given, config)
    departure, comparison = told.departure, told.comparison
    return Watch(
        frame=frame.frame.name,
        size_deg=drift.size_deg,
        trial=trial,
        xi=[] if departure is None else departure.xi.tolist(),
        covariance=[] if departure is None else departure.covariance.tolist(),
        verdict=str(told.verdict),
        z_score=None if comparison is None else comparison.z_score,
    )


def run(
    frames: Sequence[BenchFrame],
    sizes_deg: Sequence[float],
    *,
    trials: int,
    seed: int,
    settings: dict[str, Any],
    on_watch: Callable[[Watch, int], None] = lambda _watch, _total: None,
) -> dict[str, Any]:
    """Show every drift to every frame and return `results.json`: settings and every watch in order.

    Without drift all trials are the same, and one is run.
    """
    cases = [(size, trial) for trial in range(trials) for size in sizes_deg if size > 0 or trial == 0]
    watches: list[Watch] = []
    for size, trial in cases:
        for frame in frames:
            watches.append(watch(frame, Drift.drawn(size, seed, trial), trial, CalibrationConfig(seed=seed)))
            on_watch(watches[-1], len(cases) * len(frames))
    return {"settings": {**settings, "seed": seed, "trials": trials}, "watches": [asdict(each) for each in watches]}


@dataclass(frozen=True)
class Curve:
    """Share of the drifts that were noticed.

    Attributes:
        frames_per_watch: how many frames were asked together.
        threshold: of the statistic.
        chosen_on: frames the threshold was chosen on.
        detected: number noticed and number shown, by size of the drift (deg); size 0 are the false alarms.
        product: the same by the verdict that users see; empty for several frames.
    """

    frames_per_watch: int
    threshold: float
    chosen_on: int
    detected: dict[float, tuple[int, int]]
    product: dict[float, tuple[int, int]]


def single_frame_curve(choosing: Sequence[Watch], judged: Sequence[Watch]) -> Curve:
    """Choose the threshold where `choosing` has seen no drift, and count what `judged` notices with it."""
    right = [_statistic([each]) for each in choosing if each.size_deg == 0]
    threshold = chosen_threshold(right)
    found = _shares([(each.size_deg, _statistic([each]) > threshold) for each in judged])
    product = _shares([(each.size_deg, each.verdict == DriftVerdict.DRIFTED) for each in judged])
    return Curve(1, threshold, len(right), found, product)


def several_frames_curve(judged: Sequence[Watch], frames_per_watch: int, draws: int, seed: int) -> Curve:
    """Count what the running estimate of a rig notices from several frames, drawn anew for every trial."""
    rng, outcomes = np.random.default_rng(seed), []
    names = sorted({each.frame for each in judged})
    if len(names) < frames_per_watch:
        raise ValueError(f"{frames_per_watch} frames a watch are more than the {len(names)} that there are")
    for case in sorted({(each.size_deg, each.trial) for each in judged}):
        of_case = {each.frame: each for each in judged if (each.size_deg, each.trial) == case}
        for _ in range(draws):
            chosen = rng.choice(names, frames_per_watch, replace=False)
            outcomes.append((case[0], fused([of_case[name] for name in chosen]).is_drifted))
    threshold = DriftEstimate.unknown().model.threshold
    return Curve(frames_per_watch, threshold, 0, _shares(outcomes), {})


def fused(watches: Sequence[Watch]) -> DriftEstimate:
    """Return the running estimate after these frames, taken within a moment."""
    estimate = DriftEstimate.unknown()
    for each in watches:
        if each.xi:
            estimate = estimate.after(np.array(each.xi), np.array(each.covariance), 0.0)
    return estimate


def chosen_threshold(right: Sequence[float]) -> float:
    """Return the threshold of 1 % false alarms, from statistics of extrinsics that are right.

    They follow a chi-squared distribution with six degrees of freedom but for one factor, which is estimated from their
    mean; so few of them say nothing of their own 99th percentile. That the factor is an estimate makes it Fisher's
    distribution.
    """
    return float(fdtri(6, 6 * len(right), 1 - _FALSE_ALARMS)) * float(np.mean(right))


def _statistic(watches: Sequence[Watch]) -> float:
    """Return the squared Mahalanobis distance of one frame's departure; 0 where it could not tell."""
    (only,) = watches
    if not only.xi:
        return 0.0
    return float(np.array(only.xi) @ np.linalg.solve(np.array(only.covariance), np.array(only.xi)))


def _shares(outcomes: Sequence[tuple[float, bool]]) -> dict[float, tuple[int, int]]:
    sizes = sorted({size for size, _ in outcomes})
    return {
        size: (sum(found for s, found in outcomes if s == size), sum(1 for s, _ in outcomes if s == size))
        for size in sizes
    }
