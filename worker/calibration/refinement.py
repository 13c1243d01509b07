"""Gradient-based refinement (Section III-C): Adam on the calibration vector, classes weighed 1:1:1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from worker.calibration.config import CalibrationConfig
from worker.calibration.loss import ClassLosses, VectorLosses
from worker.calibration.progress import OnProgress, Progress
from worker.calibration.transforms import RigidTransform

_REPORT_EVERY = 50
# Mean squared distance, px^2, below which a class rests: masks are not known to less than a pixel, and a class whose
# loss is next to nothing must not outweigh the others for it.
_AT_REST_PX2 = 1.0
# An iterate that pushed half of the object points out of the image did not align them.
_MIN_SHARE_IN_VIEW = 0.5


@dataclass(frozen=True)
class Refinement:
    """Where the descent led.

    Attributes:
        T_cam_lidar: the best iterate, unbatched.
        history_px2: Eq. 1 at every iterate.
        is_finite: false when a loss or gradient was not a number and the descent stopped there.
    """

    T_cam_lidar: RigidTransform
    history_px2: list[float]
    is_finite: bool


@dataclass
class _Balance:
    """What descending with the classes weighed 1:1:1 minimises, and the iterate that got lowest.

    Dividing each class's gradient by its own loss L descends sum log L; below `rest` px^2, where the divisor stays, the
    sum goes on as L / rest, which joins 1 + log(L / rest) without a step or a kink.
    """

    rest: Tensor
    points_at_start: Tensor
    vector: Tensor
    lowest: float = math.inf

    @classmethod
    def at_start(cls, losses: ClassLosses, vector: Tensor) -> _Balance:
        return cls((_AT_REST_PX2 * losses.points).clamp_min(_AT_REST_PX2), losses.points.sum(), vector.detach().clone())

    def divisors(self, losses: ClassLosses) -> Tensor:
        return losses.px2.detach().maximum(self.rest)

    def offer(self, vector: Tensor, losses: ClassLosses) -> None:
        ratio = losses.px2.detach() / self.rest
        value = float(torch.where(ratio < 1, ratio, 1 + ratio.clamp_min(1).log()).sum())
        in_view = losses.points.sum() >= _MIN_SHARE_IN_VIEW * self.points_at_start
        if in_view and value < self.lowest:
            self.vector, self.lowest = vector.detach().clone(), value


class DifferentiableLoss(Protocol):
    """What the descent asks of a loss."""

    def at_vector(self, vector: Tensor) -> VectorLosses:
        """Evaluate one calibration vector (6,) with its gradient."""
        ...


def refine(
    loss: DifferentiableLoss, start: RigidTransform, config: CalibrationConfig, on_progress: OnProgress
) -> Refinement:
    """Descend from `start` (unbatched T_cam_lidar) with Adam on c = (a, t) and return the best iterate.

    Each class's loss is divided by its own present value, so that every class pulls with the same relative strength
    whatever its number of points (the paper's dynamic 1:1:1), until it rests at a pixel or less.
    """
    origin = start.to_vector()
    free = torch.ones_like(origin)
    if config.hold_translation:
        free[3:] = 0
    step = torch.zeros_like(origin)
    optimizer = torch.optim.Adam([step], lr=config.learning_rate)
    balance: _Balance | None = None
    history: list[float] = []
    for iteration in range(config.num_iterations + 1):
        vector = origin + free * step
        here = loss.at_vector(vector)
        balance = balance or _Balance.at_start(here.losses, vector)
        balance.offer(vector, here.losses)
        history.append(float(here.losses.total_px2))
        if iteration == config.num_iterations:
            break
        gradient = here.gradient(balance.divisors(here.losses).reciprocal())
        # A vector whose square overflows is no pose, whatever the loss says of it.
        numbers = torch.cat([gradient, here.losses.px2, (vector @ vector)[None]])
        if not bool(torch.isfinite(numbers).all()):
            return Refinement(RigidTransform.from_vector(balance.vector), history, is_finite=False)
        step.grad = free * gradient
        optimizer.step()
        if (iteration + 1) % _REPORT_EVERY == 0:
            on_progress(Progress("refinement", (iteration + 1) / config.num_iterations, min(history)))
    assert balance is not None
    return Refinement(RigidTransform.from_vector(balance.vector), history, is_finite=True)
