"""How far to trust an estimate: what the objective looks like around it and how the cues agree on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.parallel import for_each
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.estimate import Estimate
from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.refinement import ascend
from worker.calibration.robust.second_look import OTHER_ANSWER_DEG
from worker.calibration.robust.term import Linearization, stepped
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

AXES = ("pitch", "yaw", "roll", "right", "down", "forward")
"""The directions of xi: turns about the camera's x (right), y (down) and z (forward) axes, and shifts along them."""

_TURN_RAD = math.radians(1.0)
# Steps of the numeric second derivative: wide enough to look past the ripple of single points (rad, m).
_CURVATURE_STEPS = (math.radians(0.2),) * 3 + (0.02,) * 3
_CUE_STEPS = 12
# A value that falls by more than this within a step is clearly off its top: four standard deviations.
_CLEAR_DROP = 8.0
# Points are no independent observations, and borders of masks lean, those of the ground more than those of poles: what
# the curvature says is widened by a factor for each direction and by errors that every scene brings along, those of
# many frames shrinking slowly. (deg for turns, m for shifts; chosen so that about 95 % of the errors on the real frames
# of docs/benchmarks.md lie within two standard deviations.)
_WIDENING = (1.2, 0.8, 1.55, 1.0, 1.0, 0.7)
_SCENE_SIGMA = (0.115, 0.04, 0.23, 0.012, 0.033, 0.030)
_SHRINKING_WITH_FRAMES = 0.25
# A frame is worth its number of observations where it shows so many points, as a 64-beam sweep does; fewer are worth
# less, in proportion.
_FULL_SWEEP_POINTS = 16_000
# A direction in which the data shrink the prior's variance by less than this share is not observed.
_OBSERVED_SHARE = 0.5


@dataclass(frozen=True)
class Confidence:
    """The raw numbers behind a verdict.

    Attributes:
        sigma: standard deviation of each direction of xi, by name: deg for turns, m for shifts.
        observed: whether the frames, not the prior, determine a direction.
        covariance: (6, 6) of xi, rad and m.
        least_drop: least loss of the score per observation when the camera turns by 1 degree about any axis.
        rival_margin: how much better the estimate scores per observation than the best other one that lies more than a
            degree away; infinite without such a rival.
        rival_distance_deg: how far that rival lies away; 0 without one.
        cue_disagreement_deg: angle between the estimates of the semantic cue alone and of the others alone; 0 with one
            cue only.
        score: the score per observation and frame at the estimate.
        full_sweeps: how many full sweeps' worth of points the frames show.
    """

    sigma: Mapping[str, float]
    observed: Mapping[str, bool]
    covariance: Tensor
    least_drop: float
    rival_margin: float
    rival_distance_deg: float
    cue_disagreement_deg: float
    score: float
    full_sweeps: float

    @property
    def signals(self) -> Mapping[str, float | None]:
        """Return the numbers that a verdict weighs beside sigma, by their names; None for an infinite lead."""
        return {
            "full_sweeps": self.full_sweeps,
            "least_drop": self.least_drop,
            "rival_margin": self.rival_margin if math.isfinite(self.rival_margin) else None,
            "rival_distance_deg": self.rival_distance_deg,
            "cue_disagreement_deg": self.cue_disagreement_deg,
        }


def assess(estimate: Estimate) -> Confidence:
    """Measure how well determined an estimate is; nothing here knows the truth."""
    objective, pose = estimate.objective, estimate.best.T_cam_lidar
    share_of_points = share_of_full_sweeps(estimate.level.cues, objective, pose)
    covariance = covariance_at(objective, pose, share_of_points)
    prior_variance = torch.from_numpy(1 / objective.prior.precision)
    variance = covariance.diagonal()
    observed = {
        name: bool(v < (1 - _OBSERVED_SHARE) * p) for name, v, p in zip(AXES, variance, prior_variance, strict=True)
    }
    units = [math.degrees(1)] * 3 + [1.0] * 3
    sigma = {name: math.sqrt(float(v)) * unit for name, v, unit in zip(AXES, variance, units, strict=True)}
    margin, distance = _rival(estimate, objective.all_observations)
    return Confidence(
        sigma=sigma,
        observed=observed,
        covariance=covariance,
        least_drop=least_drop(objective, pose),
        rival_margin=margin,
        rival_distance_deg=distance,
        cue_disagreement_deg=_cue_disagreement_deg(objective, pose),
        score=objective.evidence(pose).value / objective.all_observations,
        full_sweeps=share_of_points * sum(frame.weight for frame in objective.frames),
    )


def covariance_at(objective: RobustObjective, pose: RigidTransform, share_of_points: float = 1.0) -> Tensor:
    """Return the covariance (6, 6) of xi, rad and m, of an estimate at the objective's top.

    Args:
        objective: what it is the top of.
        pose: T_cam_lidar, the estimate.
        share_of_points: see `share_of_full_sweeps`.
    """
    frames = sum(frame.weight for frame in objective.frames)
    return _with_scene_errors(_covariance(objective, pose, share_of_points), frames)


def share_of_full_sweeps(
    cues: Sequence[FrameCues],
    objective: RobustObjective,
    pose: RigidTransform,
    stand_for: Sequence[float] | None = None,
) -> float:
    """Return how many points the frames show at a pose for what full sweeps would, 0 to 1: few points tell little.

    Args:
        cues: of every frame.
        objective: whose weights the frames have.
        pose: T_cam_lidar, unbatched.
        stand_for: how many points of its frame each point of a cue stands for, where they were thinned.
    """
    shares = []
    for cue, number in zip(cues, stand_for or [1.0] * len(cues), strict=True):
        points = torch.as_tensor(cue.semantic.points.T).to(pose.translation)
        shares.append(min(1.0, number * float(cue.camera.project(pose.apply(points))[2].sum()) / _FULL_SWEEP_POINTS))
    weights = [frame.weight for frame in objective.frames]
    return sum(share * weight for share, weight in zip(shares, weights, strict=True)) / sum(weights)


def least_drop(objective: RobustObjective, pose: RigidTransform) -> float:
    """Return the least loss of the score per observation when the camera turns by 1 degree about any axis."""
    turns = _TURN_RAD * np.eye(3, 6)
    best_of_turns = max(each.value for each in _evidence_at(objective, pose, [*turns, *-turns]))
    return (objective.evidence(pose).value - best_of_turns) / objective.all_observations


def _covariance(objective: RobustObjective, pose: RigidTransform, share_of_points: float) -> Tensor:
    """Invert the numeric curvature of the objective; directions along which it is not concave fall to the prior."""
    here, columns, drops = objective.evidence(pose).value, [], []
    steps = np.diag(_CURVATURE_STEPS)
    around = _evidence_at(objective, pose, [*steps, *-steps])
    for step, ahead, behind in zip(_CURVATURE_STEPS, around[:6], around[6:], strict=True):
        columns.append(-(ahead.gradient - behind.gradient) / (2 * step))
        drop = here - max(ahead.value, behind.value)
        drops.append(2 * drop / step**2 if drop > _CLEAR_DROP else 0.0)
    curvature = torch.stack(columns, -1)
    values, vectors = torch.linalg.eigh((curvature + curvature.mT) / 2)
    evidence = vectors @ torch.diag(values.clamp_min(0)) @ vectors.mT
    # A peak narrower than the step is flat again where the slopes are taken; how far below the top, tells the value.
    fallen = torch.tensor(drops, dtype=evidence.dtype) - evidence.diagonal()
    evidence += torch.diag(fallen.clamp_min(0))
    widening = torch.tensor(_WIDENING, dtype=evidence.dtype)
    evidence *= share_of_points / torch.outer(widening, widening)
    return torch.linalg.inv(evidence + torch.diag(torch.from_numpy(objective.prior.precision)))


def _with_scene_errors(covariance: Tensor, frames: float) -> Tensor:
    scene = torch.tensor([math.radians(s) for s in _SCENE_SIGMA[:3]] + list(_SCENE_SIGMA[3:]), dtype=torch.float64)
    return covariance + torch.diag((scene * max(1.0, frames) ** -_SHRINKING_WITH_FRAMES) ** 2)


def _evidence_at(
    objective: RobustObjective, pose: RigidTransform, steps: Sequence[npt.NDArray[np.float64]]
) -> list[Linearization]:
    """Return what the frames say some steps xi (6,) away from a pose."""
    return for_each(lambda xi: objective.evidence(stepped(pose, xi)), steps)


def _rival(estimate: Estimate, observations: float) -> tuple[float, float]:
    """Return lead over and distance of the best finalist that gives another answer."""
    best, *others = estimate.finalists
    for rival in others:
        distance = _apart_deg(best.T_cam_lidar, rival.T_cam_lidar)
        if distance > OTHER_ANSWER_DEG:
            return (best.at.value - rival.at.value) / observations, distance
    return math.inf, 0.0


def _cue_disagreement_deg(objective: RobustObjective, pose: RigidTransform) -> float:
    present = {name for frame in objective.frames for name in frame.terms if objective.weights.get(name)}
    if len(present & {"semantic"}) == len(present) or "semantic" not in present:
        return 0.0
    cues = [
        objective.with_weights({n: objective.weights[n] for n in names})
        for names in ({"semantic"}, present - {"semantic"})
    ]
    return _apart_deg(*for_each(lambda cue: ascend(cue, pose, _CUE_STEPS).T_cam_lidar, cues))


def _apart_deg(a: RigidTransform, b: RigidTransform) -> float:
    return math.degrees(float(rotation_angle_rad(a.rotation.double() @ b.rotation.double().mT)))
