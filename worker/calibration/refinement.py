"""Gradient-based refinement (Section III-C): Adam on the calibration vector, classes weighed 1:1:1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.config import CalibrationConfig
from worker.calibration.loss import ClassLosses, SemanticAlignmentLoss
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


def refine(
    loss: SemanticAlignmentLoss, start: RigidTransform, config: CalibrationConfig, on_progress: OnProgress
) -> Refinement:
    """Descend from `start` (unbatched T_cam_lidar) with Adam on c = (a, t) and return the best iterate.

    Each class's loss is divided by its own present value, so that every class pulls with the same relative strength
    whatever its number of points (the paper's dynamic 1:1:1), until it rests at a pixel or less.
    """
    origin = start.to_vector()
    free = torch.ones_like(origin)
    if config.hold_translation:
        free[3:] = 0
    step = torch.zeros_like(origin, requires_grad=True)
    optimizer = torch.optim.Adam([step], lr=config.learning_rate)
    balance: _Balance | None = None
    history: list[float] = []

    def evaluate() -> tuple[Tensor, ClassLosses]:
        vector = origin + free * step
        return vector, loss(RigidTransform.from_vector(vector[None]))

    for iteration in range(config.num_iterations):
        vector, losses = evaluate()
        balance = balance or _Balance.at_start(losses, vector)
        balance.offer(vector, losses)
        history.append(float(losses.total_px2.detach()))
        if not _descend(losses, balance.divisors(losses), step, optimizer):
            return Refinement(RigidTransform.from_vector(balance.vector), history, is_finite=False)
        if (iteration + 1) % _REPORT_EVERY == 0:
            on_progress(Progress("refinement", (iteration + 1) / config.num_iterations, min(history)))
    with torch.no_grad():
        vector, losses = evaluate()
    balance = balance or _Balance.at_start(losses, vector)
    balance.offer(vector, losses)
    history.append(float(losses.total_px2))
    return Refinement(RigidTransform.from_vector(balance.vector), history, is_finite=True)


def _descend(losses: ClassLosses, divisors: Tensor, step: Tensor, optimizer: torch.optim.Optimizer) -> bool:
    """Take one step of Adam; return false, leaving `step` alone, when loss or gradient is not finite."""
    optimizer.zero_grad()
    (losses.px2 / divisors).sum().backward()  # type: ignore[no-untyped-call]
    if step.grad is None or not bool(torch.isfinite(step.grad).all() & torch.isfinite(losses.px2).all()):
        return False
    optimizer.step()
    return True
