"""Eq. 1 by pairwise distances, by KD-tree and by alignment field: one value, and the time of all that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor

from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE, Case, Loss, loss_and_gradient
from worker.bench.speed.timing import Run, Stopwatch, Timing
from worker.calibration.initialization import loss_guided_initialization
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.progress import silent
from worker.calibration.refinement import refine
from worker.calibration.transforms import RigidTransform

EVALUATION: Final = "loss and gradient"
SEARCH: Final = "search of the candidates"
DESCENT: Final = "iterations of Adam"

# What is measured of a search and of a descent for the ways that would take minutes: candidates, and steps of Adam.
_FEW: Final = {PAIRWISE: 1, KD_TREE: 10}

TOLERANCE: Final = 0.01
"""By how much the field's loss may differ from the exact one, relative.

The field answers for the centre of the pixel that a point lies in, so that where two pixels are almost equally far the
second nearest may be taken.
"""
EXACT_TOLERANCE: Final = 1e-3
"""Likewise for two exact searches; single precision decides between two pixels that are equally far."""


@dataclass(frozen=True)
class Agreement:
    """How far one way is from the exact pairwise search, the most over all poses.

    Attributes:
        loss: relative difference of Eq. 1.
        gradient: norm of the gradients' difference, relative to that of the exact gradient.
        tolerance: bound on the difference of the loss.
    """

    loss: float
    gradient: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Tell whether both are the same loss, within the tolerance."""
        return self.loss <= self.tolerance


@dataclass(frozen=True)
class Comparison:
    """Timings of every way by task, and how well their values agree.

    Attributes:
        timings: task -> way -> timing.
        agreement: way -> agreement with the pairwise search.
    """

    timings: Mapping[str, Mapping[str, Timing]]
    agreement: Mapping[str, Agreement]


@dataclass(frozen=True)
class Extent:
    """How much is measured: poses of the evaluation, rounds of all else, candidates and steps of Adam of a job."""

    poses: int = 20
    rounds: int = 7
    candidates: int = 5000
    iterations: int = 1000


@dataclass
class Evaluations:
    """One way's loss with gradient at each of P calibration vectors (P, 6); what it found is kept by pose."""

    loss: Loss
    vectors: Tensor
    found: dict[int, tuple[float, Tensor]] = field(default_factory=dict)

    def __call__(self, index: int) -> None:
        """Evaluate one pose."""
        self.found[index] = loss_and_gradient(self.loss, self.vectors[index])


def compare(case: Case, extent: Extent, watch: Stopwatch, on_part: Callable[[str], None]) -> Comparison:
    """Time one evaluation with gradient, the search and the descent, the ways taking turns in one process."""
    losses = {way: case.loss(way) for way in case.ways}
    on_part(f"timing {EVALUATION}")
    evaluations = {way: Evaluations(loss, case.starts.to_vector()) for way, loss in losses.items()}
    evaluation = watch.alternating(evaluations, extent.poses)
    on_part(f"timing the {SEARCH}")
    search = _extrapolated(
        {way: _search(case, way, loss, extent) for way, loss in losses.items()}, extent.candidates, extent, watch
    )
    on_part(f"timing {DESCENT}")
    descent = _extrapolated(
        {way: _descent(case, way, loss, extent) for way, loss in losses.items()}, extent.iterations, extent, watch
    )
    return Comparison({EVALUATION: evaluation, SEARCH: search, DESCENT: descent}, agreement(evaluations))


def agreement(evaluations: Mapping[str, Evaluations]) -> dict[str, Agreement]:
    """Compare what every other way found with what the pairwise search found at the same poses."""
    exact = evaluations[PAIRWISE].found
    found = {}
    for way in (way for way in evaluations if way != PAIRWISE):
        of_loss, of_gradient = [], []
        for index, (value, gradient) in exact.items():
            other_value, other_gradient = evaluations[way].found[index]
            of_loss.append(abs(other_value - value) / max(value, 1.0))
            of_gradient.append(float((other_gradient - gradient).norm() / gradient.norm().clamp_min(1.0)))
        found[way] = Agreement(max(of_loss), max(of_gradient), TOLERANCE if way == FIELD else EXACT_TOLERANCE)
    return found


def _search(case: Case, way: str, loss: Loss, extent: Extent) -> Run:
    """Return the whole search, or the evaluation of a few of its candidates."""
    if isinstance(loss, SemanticAlignmentLoss):
        config = case.config("paper", num_samples=extent.candidates, min_points_in_view=0)
        no_rule = [torch.empty(3, 0, device=case.device)]
        return lambda index: loss_guided_initialization(loss, no_rule, _start(case, index), config, silent)
    few = _FEW[way]

    @torch.no_grad()
    def evaluate_few(index: int) -> None:
        for offset in range(few):
            loss(case.starts[[(index + offset) % len(case.starts.translation)]])

    return evaluate_few


def _descent(case: Case, way: str, loss: Loss, extent: Extent) -> Run:
    """Return the whole descent, or its first steps."""
    iterations = extent.iterations if way == FIELD else _FEW[way]
    config = case.config("paper", num_iterations=iterations)
    return lambda index: refine(loss, _start(case, index), config, silent)


def _extrapolated(runs: Mapping[str, Run], whole: int, extent: Extent, watch: Stopwatch) -> dict[str, Timing]:
    timings = watch.alternating(runs, extent.rounds)
    return {
        way: timing if way == FIELD else timing.scaled_to_whole(_FEW[way] / whole) for way, timing in timings.items()
    }


def _start(case: Case, index: int) -> RigidTransform:
    return case.starts[index % len(case.starts.translation)]
