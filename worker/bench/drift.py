"""How small a drift is noticed: known extrinsics turned by known angles, and what frames say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from worker.bench.frames import BenchFrame
from worker.calibration.config import CalibrationConfig
from worker.calibration.robust.evaluate import evaluate_extrinsic
from worker.calibration.robust.track_evaluation import evaluate_by_tracking
from worker.calibration.transforms import RigidTransform

SIZES_DEG = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0)
"""The drifts of the published curve."""


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
        z_score: of the given extrinsic among random turns of it; None where it was tracked.
    """

    frame: str
    size_deg: float
    trial: int
    xi: list[float]
    covariance: list[list[float]]
    verdict: str
    z_score: float | None

    @property
    def squared_length(self) -> float:
        """Return that of the departure in stated standard deviations; 0 where the frame could not tell."""
        if not self.xi:
            return 0.0
        return float(np.array(self.xi) @ np.linalg.solve(np.array(self.covariance), np.array(self.xi)))


def watch(frame: BenchFrame, drift: Drift, trial: int, config: CalibrationConfig, *, tracking: bool = False) -> Watch:
    """Evaluate a drifted extrinsic on one frame, or track from it."""
    given = RigidTransform.from_matrix(drift.of(frame.T_cam_lidar))
    look = evaluate_by_tracking if tracking else evaluate_extrinsic
    told = look([frame.frame], frame.camera, given, config)
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


def show_drifts(
    frames: Sequence[BenchFrame],
    sizes_deg: Sequence[float],
    *,
    trials: int,
    seed: int,
    tracking: bool = False,
    on_watch: Callable[[Watch, int], None] = lambda _watch, _total: None,
) -> list[Watch]:
    """Show every drift to every frame, each trial about another axis; with `tracking`, as tracked frames see it.

    Without drift all trials are the same, and one is run.
    """
    cases = [(size, trial) for trial in range(trials) for size in sizes_deg if size > 0 or trial == 0]
    watches: list[Watch] = []
    for size, trial in cases:
        for frame in frames:
            drift, config = Drift.drawn(size, seed, trial), CalibrationConfig(seed=seed)
            watches.append(watch(frame, drift, trial, config, tracking=tracking))
            on_watch(watches[-1], len(cases) * len(frames))
    return watches


def as_json(watches: Sequence[Watch]) -> list[dict[str, Any]]:
    """Write watches as they are kept."""
    return [asdict(each) for each in watches]
