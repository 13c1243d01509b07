"""How time grows with points, pixels, candidates and frames, and the exponent of the power law that fits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import torch

from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE, Case, loss_and_gradient
from worker.bench.speed.comparison import EVALUATION, SEARCH
from worker.bench.speed.jobs import Job
from worker.bench.speed.resampling import with_pixels, with_points
from worker.bench.speed.source import repeated
from worker.bench.speed.timing import Run, Stopwatch
from worker.calibration.config import PAPER_CLASSES
from worker.calibration.initialization import loss_guided_initialization
from worker.calibration.progress import silent
from worker.calibration.robust.settings import RobustSettings

POINTS: Final = "points"
PIXELS: Final = "pixels"
CANDIDATES: Final = "candidates"
FRAMES: Final = "frames"

FIELD_BUILD: Final = "building the alignment fields"
ROBUST_JOB: Final = "robust job"

# A way without a field is followed no further once an evaluation takes this long (s).
_PATIENCE_S: Final = 1.0


@dataclass(frozen=True)
class Sizes:
    """What is tried in each direction, ascending, and how often."""

    points: tuple[int, ...] = (5_000, 15_000, 50_000, 120_000, 300_000)
    pixels: tuple[int, ...] = (100_000, 300_000, 1_000_000, 3_000_000, 8_000_000)
    candidates: tuple[int, ...] = (750, 1500, 3000, 6000, 12_000)
    frames: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    rounds: int = 7


@dataclass(frozen=True)
class Series:
    """Median seconds of one task over one size.

    Attributes:
        size: what grows.
        task: what is timed.
        sizes: ascending.
        seconds: medians, one a size.
    """

    size: str
    task: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float | None:
        """Return b of seconds = a size^b, by least squares of the logarithms; None for a single size."""
        if len(self.sizes) < 2:
            return None
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])

    @property
    def last_exponent(self) -> float | None:
        """Return the exponent between the two largest sizes, where fixed costs hide least."""
        return replace(self, sizes=self.sizes[-2:], seconds=self.seconds[-2:]).exponent


@dataclass(frozen=True)
class Growing:
    """One task as its size grows: `make` prepares it at a size."""

    size: str
    task: str
    sizes: Sequence[int]
    make: Callable[[int], Run]


def measure_growth(case: Case, sizes: Sizes, watch: Stopwatch, on_part: Callable[[str], None]) -> list[Series]:
    """Time Eq. 1 with gradient, its fields, the search and the robust job over each size that they depend on."""
    series = []
    for growing in _over_points(case, sizes) + _over_pixels(case, sizes) + _over_others(case, sizes):
        on_part(f"{growing.task} over {growing.size}")
        series.append(_follow(growing, sizes.rounds, watch))
    return series


def _over_points(case: Case, sizes: Sizes) -> list[Growing]:
    frame = case.frames[0]
    names = [frame.frame.point_classes.ids_of(name) for name in PAPER_CLASSES]
    of_objects = np.isin(frame.frame.point_labels, [label for ids in names for label in ids])

    def evaluation(way: str) -> Callable[[int], Run]:
        return lambda count: _evaluation(case.with_frames([with_points(frame, count, of_objects)]), way)

    ways = (FIELD, KD_TREE, PAIRWISE) if case.device == "cpu" else (FIELD, PAIRWISE)
    return [
        *(Growing(POINTS, f"{EVALUATION}, {way}", sizes.points, evaluation(way)) for way in ways),
        Growing(POINTS, ROBUST_JOB, sizes.points, lambda n: _robust(case.with_frames([with_points(frame, n)]))),
    ]


def _over_pixels(case: Case, sizes: Sizes) -> list[Growing]:
    def resized(count: int) -> Case:
        return case.with_frames([with_pixels(case.frames[0], count)])

    return [
        Growing(PIXELS, f"{EVALUATION}, {FIELD}", sizes.pixels, lambda count: _evaluation(resized(count), FIELD)),
        Growing(PIXELS, FIELD_BUILD, sizes.pixels, lambda count: _building(resized(count))),
        Growing(PIXELS, ROBUST_JOB, sizes.pixels, lambda count: _robust(resized(count))),
    ]


def _over_others(case: Case, sizes: Sizes) -> list[Growing]:
    one = case.with_frames(case.frames[:1])

    def several(count: int) -> Case:
        return case.with_frames(repeated(case.frames, count))

    return [
        Growing(CANDIDATES, f"{SEARCH}, {FIELD}", sizes.candidates, lambda count: _search(one, count)),
        Growing(CANDIDATES, ROBUST_JOB, sizes.candidates, lambda n: _robust(one, RobustSettings(num_candidates=n))),
        Growing(FRAMES, f"{EVALUATION}, {FIELD}", sizes.frames, lambda count: _evaluation(several(count), FIELD)),
        Growing(FRAMES, ROBUST_JOB, sizes.frames, lambda count: _robust(several(count))),
    ]


def _follow(growing: Growing, rounds: int, watch: Stopwatch) -> Series:
    """Time the sizes in turns, each after a run that is not counted; leave out those beyond which patience ends."""
    runs: dict[str, Run] = {}
    for size in growing.sizes:
        runs[str(size)] = growing.make(size)
        if PAIRWISE in growing.task and watch.seconds(partial(runs[str(size)], 0)) > _PATIENCE_S:
            break
    medians = tuple(timing.median for timing in watch.alternating(runs, rounds).values())
    return Series(growing.size, growing.task, tuple(map(float, runs)), medians)


def _evaluation(case: Case, way: str) -> Run:
    loss, vectors = case.loss(way), case.starts.to_vector()
    return lambda index: loss_and_gradient(loss, vectors[index % len(vectors)])


def _building(case: Case) -> Run:
    return lambda _index: case.field_loss()


def _search(case: Case, count: int) -> Run:
    loss, config = case.field_loss(), case.config("paper", num_samples=count, min_points_in_view=0)
    no_rule = [torch.empty(3, 0, device=case.device)]
    starts = case.starts
    return lambda index: loss_guided_initialization(
        loss, no_rule, starts[index % len(starts.translation)], config, silent
    )


def _robust(case: Case, settings: RobustSettings | None = None) -> Run:
    return Job(case, case.config("robust", robust=settings or RobustSettings()))
