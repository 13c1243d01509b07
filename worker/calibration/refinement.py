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
# A class whose points all lie on its pixels has loss 0 and nothing left to normalise; px^2.
_SMALLEST_LOSS_PX2 = 1e-3
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
class _BestSoFar:
    """The iterate with the lowest loss relative to the start, classes weighed equally."""

    start: ClassLosses
    vector: Tensor
    value: float = math.inf

    def offer(self, vector: Tensor, losses: ClassLosses) -> None:
        scale = self.start.px2.detach().clamp_min(_SMALLEST_LOSS_PX2)
        value = float((losses.px2.detach() / scale).mean())
        in_view = losses.points.sum() >= _MIN_SHARE_IN_VIEW * self.start.points.sum()
        if in_view and value < self.value:
            self.vector, self.value = vector.detach().clone(), value


def refine(
    loss: SemanticAlignmentLoss, start: RigidTransform, config: CalibrationConfig, on_progress: OnProgress
) -> Refinement:
    """Descend from `start` (unbatched T_cam_lidar) with Adam on c = (a, t) and return the best iterate.

    Each class's loss is divided by its own present value, so that every class pulls with the same relative strength
    whatever its number of points (the paper's dynamic 1:1:1).
    """
    origin = start.to_vector()
    free = torch.ones_like(origin)
    if config.hold_translation:
        free[3:] = 0
    step = torch.zeros_like(origin, requires_grad=True)
    optimizer = torch.optim.Adam([step], lr=config.learning_rate)
    best: _BestSoFar | None = None
    history: list[float] = []

    def evaluate() -> tuple[Tensor, ClassLosses]:
        vector = origin + free * step
        return vector, loss(RigidTransform.from_vector(vector[None]))

    for iteration in range(config.num_iterations):
        vector, losses = evaluate()
        best = best or _BestSoFar(losses, vector.detach().clone())
        best.offer(vector, losses)
        history.append(float(losses.total_px2.detach()))
        if not _descend(losses, step, optimizer):
            return Refinement(RigidTransform.from_vector(best.vector), history, is_finite=False)
        if (iteration + 1) % _REPORT_EVERY == 0:
            on_progress(Progress("refinement", (iteration + 1) / config.num_iterations, min(history)))
    with torch.no_grad():
        vector, losses = evaluate()
    best = best or _BestSoFar(losses, vector)
    best.offer(vector, losses)
    history.append(float(losses.total_px2))
    return Refinement(RigidTransform.from_vector(best.vector), history, is_finite=True)


def _descend(losses: ClassLosses, step: Tensor, optimizer: torch.optim.Optimizer) -> bool:
    """Take one step of Adam; return false, leaving `step` alone, when loss or gradient is not finite."""
    present = losses.px2.detach().clamp_min(_SMALLEST_LOSS_PX2)
    optimizer.zero_grad()
    (losses.px2 / present).sum().backward()  # type: ignore[no-untyped-call]
    if step.grad is None or not bool(torch.isfinite(step.grad).all() & torch.isfinite(losses.px2).all()):
        return False
    optimizer.step()
    return True
