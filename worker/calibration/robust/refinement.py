"""Levenberg-Marquardt ascent of the robust objective."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.term import Linearization, moved
from worker.calibration.transforms import RigidTransform

_FIRST_DAMPING, _LEAST_DAMPING, _GREATEST_DAMPING = 1.0, 1e-3, 1e6
# Steps below these are of no consequence: 0.001 deg, 0.1 mm.
_SMALL_ROTATION_RAD, _SMALL_SHIFT_M = 2e-5, 1e-4


@dataclass(frozen=True)
class Ascent:
    """Where the ascent ended.

    Attributes:
        T_cam_lidar: the pose, unbatched.
        at: the objective there.
        history: the objective after every accepted step.
    """

    T_cam_lidar: RigidTransform
    at: Linearization
    history: tuple[float, ...]


def ascend(objective: RobustObjective, start: RigidTransform, max_steps: int) -> Ascent:
    """Climb from `start` (unbatched) with damped scoring steps (H + lambda diag H)^-1 g until they no longer matter."""
    pose, at, damping = start, objective(start), _FIRST_DAMPING
    history = [at.value]
    for _ in range(max_steps):
        information, gradient = at.information.double(), at.gradient.double()
        xi = torch.linalg.solve(information + damping * torch.diag(information.diagonal()), gradient)
        proposed = moved(pose, xi.to(pose.translation))
        there = objective(proposed)
        if there.value > at.value:
            pose, at = proposed, there
            history.append(at.value)
            damping = max(damping / 5, _LEAST_DAMPING)
            if _is_small(xi):
                break
        else:
            damping *= 4
            if damping > _GREATEST_DAMPING:
                break
    return Ascent(pose, at, tuple(history))


def _is_small(xi: Tensor) -> bool:
    step = xi.tolist()
    return math.hypot(*step[:3]) < _SMALL_ROTATION_RAD and math.hypot(*step[3:]) < _SMALL_SHIFT_M
