"""The climb from an extrinsic that was right once: a look around it and the way up, no search over a prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.robust.cues import COARSE, FINE, MEDIUM, FrameCues, Sharpness
from worker.calibration.robust.estimate import Estimate, FineLevel
from worker.calibration.robust.objective import GaussianPrior, RobustObjective, WeightedFrame
from worker.calibration.robust.refinement import Ascent, ascend
from worker.calibration.robust.search import score, spread
from worker.calibration.transforms import RigidTransform

DRIFT = Prior(rotation_deg=3.0, translation_m=0.1)
"""How far an extrinsic may have drifted for the way up to be found."""

NO_TOP_DROP = 0.01
"""A place from which the score falls by less than this (nats an observation) when the camera turns by one degree is no
top: no right extrinsic of the frames that docs/benchmarks.md names comes near it."""

# What is believed of the drift, as standard deviations (deg, m): the turn is left to the frames. A mount turns rather
# than shifts; with more room for the centre, single frames climb along a pitch and the drop of the camera that looks
# like it, by decimetres, and call a right extrinsic drifted.
_SIGMA_DEG, _SIGMA_M = 2.0, 0.02
# Random turns around the extrinsic (deg), to compare it with and to start from.
_LOOK_AROUND_DEG, _LOOK_AROUND_COUNT, _STARTS = 2.5, 300, 2
_LOOK_AROUND_POINTS, _MEDIUM_POINTS, _FINE_POINTS = 4000, 4000, 8000
_MIN_POINTS_PER_FRAME = 200
_MEDIUM_STEPS, _FINE_STEPS = 10, 25


@dataclass(frozen=True)
class Surroundings:
    """How well an extrinsic explains the frames beside random turns of the camera about its own centre.

    Attributes:
        given: its score.
        others: (N,) scores of the random turns.
        poses: the N turned transforms T_cam_lidar.
    """

    given: float
    others: Tensor
    poses: RigidTransform

    @property
    def z_score(self) -> float:
        """Return by how many standard deviations it is better than a random turn of it."""
        return (self.given - float(self.others.mean())) / max(float(self.others.std()), 1e-12)

    @property
    def share_beaten(self) -> float:
        """Return the share of the random turns that explain the frames worse."""
        return float((self.others < self.given).double().mean())

    def best(self, count: int) -> list[RigidTransform]:
        """Return the `count` best of the random turns, the best first."""
        return [self.poses[int(index)] for index in self.others.argsort(descending=True)[:count]]


def drift_prior(given: RigidTransform) -> GaussianPrior:
    """Return what is believed of an extrinsic (unbatched) that was right once."""
    return GaussianPrior(given, math.radians(_SIGMA_DEG), _SIGMA_M)


def look_around(
    cues: Sequence[FrameCues], frame_weights: Sequence[float], given: RigidTransform, config: CalibrationConfig
) -> Surroundings:
    """Compare an extrinsic (unbatched) with random turns of it, at the least sharpness, which sees furthest."""
    weights, per_frame = config.robust.weights, _per_frame(_LOOK_AROUND_POINTS, cues)
    terms = [
        (weight * weights[name], term)
        for cue, weight in zip(cues, frame_weights, strict=True)
        for name, term in cue.histogram_terms(COARSE, per_frame).items()
        if weights[name] > 0
    ]
    # The first of them is the extrinsic itself.
    poses = spread(given[None], math.radians(_LOOK_AROUND_DEG), 0.0, _LOOK_AROUND_COUNT, config.seed)
    scores = score(poses, terms)
    return Surroundings(float(scores[0]), scores[1:], poses[1:])


def climb(
    cues: Sequence[FrameCues],
    frame_weights: Sequence[float],
    given: RigidTransform,
    around: Surroundings,
    config: CalibrationConfig,
) -> Estimate:
    """Climb from an extrinsic (unbatched), and from the best turns of it, to the pose that explains all frames best."""
    medium = objective_around(
        cues, frame_weights, given, config, sharpness=MEDIUM, num_points=_per_frame(_MEDIUM_POINTS, cues)
    )
    starts = (given, *around.best(_STARTS))
    nearby = max((ascend(medium, start, _MEDIUM_STEPS) for start in starts), key=lambda each: each.at.value)
    full = objective_around(cues, frame_weights, given, config, sharpness=FINE, edges_from=nearby.T_cam_lidar)
    level = FineLevel(cues, full, full)
    tops = [_top(level, start) for start in (given, nearby.T_cam_lidar)]
    # Each was climbed over the points that it sees: they are compared over the same ones, those of the first.
    judge = level.around(tops[0].T_cam_lidar, _FINE_POINTS)
    best = max(tops, key=lambda top: judge(top.T_cam_lidar).value)
    return Estimate((best,), level, level.around(best.T_cam_lidar, _FINE_POINTS))


def objective_around(
    cues: Sequence[FrameCues],
    frame_weights: Sequence[float],
    given: RigidTransform,
    config: CalibrationConfig,
    *,
    sharpness: Sharpness,
    num_points: int | None = None,
    edges_from: RigidTransform | None = None,
) -> RobustObjective:
    """Return the objective around an extrinsic (unbatched).

    Args:
        cues: of every frame.
        frame_weights: how much each frame counts.
        given: the extrinsic that was right once.
        config: settings.
        sharpness: how sharp it is to be.
        num_points: points a frame; all by default.
        edges_from: the pose from which depth edges are judged; without one they do not count.
    """
    settings = config.robust
    if settings.edge_weight == 0:
        edges_from = None
    frames = tuple(
        WeightedFrame(cue.terms(sharpness, num_points, edges_from=edges_from), weight)
        for cue, weight in zip(cues, frame_weights, strict=True)
    )
    return RobustObjective(frames, settings.weights, settings.observations_per_frame, drift_prior(given))


def _top(level: FineLevel, start: RigidTransform) -> Ascent:
    return ascend(level.around(start, _FINE_POINTS), start, _FINE_STEPS)


def _per_frame(num_points: int, cues: Sequence[FrameCues]) -> int:
    return max(_MIN_POINTS_PER_FRAME, num_points // len(cues))
