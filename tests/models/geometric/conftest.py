"""Sweeps of a rendered street by different LiDARs, with the class of every return."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from worker.scenes import ContentConfig, LidarConfig, SceneConfig, generate
from worker.scenes.lidar import sweep
from worker.scenes.semantics import Semantic

SENSORS = {
    "16 beams": LidarConfig(num_beams=16, elevation_top_deg=15, elevation_bottom_deg=-15, azimuth_step_deg=0.2),
    "32 beams": LidarConfig(num_beams=32, elevation_top_deg=10, elevation_bottom_deg=-30, azimuth_step_deg=0.33),
    "64 beams": LidarConfig(azimuth_step_deg=0.35),
    "128 beams": LidarConfig(num_beams=128, elevation_top_deg=15, elevation_bottom_deg=-25, azimuth_step_deg=0.4),
    "solid state": LidarConfig(num_beams=180, elevation_top_deg=12, elevation_bottom_deg=-13, azimuth_step_deg=0.3),
}


@dataclass(frozen=True, eq=False)
class LabelledSweep:
    """Returns of one sweep: (N, 4) float32 x, y, z, intensity, and the class of each, (N,)."""

    points: np.ndarray
    classes: np.ndarray

    def share(self, said: np.ndarray, of: set[Semantic]) -> float:
        """Return the share of the returns from some classes of which something is said."""
        mine = np.isin(self.classes, [semantic.code for semantic in of])
        return float(said[mine].mean())


@functools.cache
def _sweep_of(sensor: str) -> LabelledSweep:
    turn = sweep(generate(3, 0, SceneConfig(lidar=SENSORS[sensor], content=ContentConfig(parked_cars=0.9))))
    points = np.concatenate([turn.points, turn.intensity[..., None]], axis=-1)[turn.returned].astype(np.float32)
    classes = turn.codes[turn.returned]
    if sensor == "solid state":
        # 120 degrees ahead, along no beams: a different two fifths of the directions in every part of the view.
        ahead = np.abs(np.arctan2(points[:, 1], points[:, 0])) < np.radians(60)
        scattered = np.random.default_rng(0).random(len(points)) < 0.4
        points, classes = points[ahead & scattered], classes[ahead & scattered]
    return LabelledSweep(points, classes)


@pytest.fixture(scope="session")
def sweep_of() -> Callable[[str], LabelledSweep]:
    """Return a function from the name of a sensor to its sweep, in the sensor's frame, x ahead and z up."""
    return _sweep_of


@pytest.fixture(scope="session", params=SENSORS)
def any_sweep(request: pytest.FixtureRequest) -> LabelledSweep:
    """Return the sweep of each of the sensors."""
    return _sweep_of(request.param)


@pytest.fixture(scope="session")
def moved() -> Callable[[LabelledSweep, np.ndarray, np.ndarray], LabelledSweep]:
    """Return a function that writes a sweep in another frame: rotation (3, 3), then translation (3,), metres."""

    def move(seen: LabelledSweep, rotation: np.ndarray, translation: np.ndarray) -> LabelledSweep:
        xyz = seen.points[:, :3] @ rotation.T + translation
        return replace(seen, points=np.column_stack([xyz, seen.points[:, 3]]).astype(np.float32))

    return move
