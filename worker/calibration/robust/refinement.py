"""Levenberg-Marquardt ascent of the robust objective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.term import Linearization, stepped
from worker.calibration.transforms import RigidTransform

_FIRST_DAMPING, _LEAST_DAMPING, _GREATEST_DAMPING = 0.1, 1e-3, 1e6
# The empirical information takes the noise of single points for curvature, so that its steps are too short: as long as
# they lead up they grow by this factor, up to so many times their length.
_GROWTH, _LONGEST = 1.7, 5.0
# A step that promises less than this, in units of the log-likelihood, is the last: a fifth of a standard deviation.
_LEAST_GAIN = 0.02
_DIAGONAL = np.diag_indices(6)


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
    """Climb from `start` (unbatched) with damped scoring steps l (H + lambda diag H)^-1 g until they matter no more."""
    pose, at, damping, length = start, objective(start), _FIRST_DAMPING, 1.0
    history = [at.value]
    for _ in range(max_steps):
        xi, promised = _step(at, damping)
        is_last = not promised > _LEAST_GAIN
        proposed = stepped(pose, xi if is_last else length * xi)
        there = objective(proposed)
        if there.value > at.value:
            pose, at = proposed, there
            history.append(at.value)
            damping, length = max(damping / 5, _LEAST_DAMPING), min(length * _GROWTH, _LONGEST)
        elif length > 1:
            length = max(1.0, length / _GROWTH**2)
        else:
            damping *= 4
        if is_last or damping > _GREATEST_DAMPING:
            break
    return Ascent(pose, at, tuple(history))


def _step(at: Linearization, damping: float) -> tuple[npt.NDArray[np.float64], float]:
    """Return the damped step xi (6,), and twice the gain that it promises."""
    packed = at.on_host()
    gradient, damped = packed[1:7], packed[7:].reshape(6, 6).copy()
    damped[_DIAGONAL] *= 1 + damping
    xi = np.asarray(np.linalg.solve(damped, gradient), np.float64)
    return xi, float(gradient @ xi)
