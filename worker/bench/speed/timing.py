"""Seconds of alternatives that take turns, so that whatever else the machine does befalls all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch

Run = Callable[[int], object]
"""Does the work of round number n once."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one alternative in every round.

    Attributes:
        seconds: of the whole work, in the order of the rounds.
        measured_share: how much of the work was done to know; less than 1 where the rest was extrapolated.
    """

    seconds: tuple[float, ...]
    measured_share: float = 1.0

    @property
    def median(self) -> float:
        """Return the median of the rounds, seconds."""
        return statistics.median(self.seconds)

    @property
    def is_extrapolated(self) -> bool:
        """Tell whether only a part was measured."""
        return self.measured_share < 1

    def scaled_to_whole(self, measured_share: float) -> Timing:
        """Return the timing of the whole work, of which this share was measured."""
        return Timing(tuple(each / measured_share for each in self.seconds), measured_share)


def median_ratio(slow: Timing, fast: Timing) -> float:
    """Return how many times longer `slow` takes: the median over rounds of both runs' ratio in the same round."""
    return statistics.median(a / b for a, b in zip(slow.seconds, fast.seconds, strict=True))


@dataclass(frozen=True)
class Stopwatch:
    """Reads a clock once the device is done.

    Attributes:
        device: what computes.
        shortest_s: work that takes less is repeated within its turn until it takes this long, and averaged; the clock
            and a cold cache would otherwise count for more than the work.
    """

    device: str = "cpu"
    shortest_s: float = 0.01

    def seconds(self, run: Callable[[], object]) -> float:
        """Return what one run takes."""
        repeats = 1
        while True:
            started = self._now()
            for _ in range(repeats):
                run()
            elapsed = self._now() - started
            if elapsed >= self.shortest_s:
                return elapsed / repeats
            repeats = max(2 * repeats, round(1.2 * repeats * self.shortest_s / max(elapsed, 1e-7)))

    def alternating(self, runs: Mapping[str, Run], rounds: int) -> dict[str, Timing]:
        """Let the alternatives take turns for so many rounds, after a first turn that is not counted."""
        for run in runs.values():
            run(0)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for index in range(rounds):
            for name, run in runs.items():
                seconds[name].append(self.seconds(partial(run, index)))
        return {name: Timing(tuple(each)) for name, each in seconds.items()}

    def _now(self) -> float:
        if torch.device(self.device).type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()
