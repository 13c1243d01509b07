"""What the service adds to a job: each that runs alone in it has a neighbour that a process computes without it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from worker.bench.service.in_process import JobProcess
from worker.bench.service.jobs import BETWEEN_JOBS_S, Jobs, JobTimes
from worker.bench.service.report import Figure, percentile


@dataclass(frozen=True)
class Pair:
    """The same job in the idle service and in a process, one right after the other; the latter in seconds."""

    in_service: JobTimes
    in_process: float

    @property
    def added_percent(self) -> float:
        """Return by how much the attempt took longer than the process, percent."""
        return 100 * (self.in_service.attempt / self.in_process - 1)


def measure_pair(jobs: Jobs, process: JobProcess, *, service_first: bool) -> Pair:
    """Run the job once in the service and once without, after the same pause."""
    if service_first:
        in_service = jobs.one_alone()
    time.sleep(BETWEEN_JOBS_S)
    in_process = process.run()
    if not service_first:
        in_service = jobs.one_alone()
    return Pair(in_service, in_process)


def overhead_figures(pairs: Sequence[Pair]) -> list[Figure]:
    """Return the medians over all pairs, and how far the pairs lie apart; what is added is that within a pair."""
    median = statistics.median
    added = [pair.added_percent for pair in pairs]
    to_start_ms = median(pair.in_service.to_start for pair in pairs) * 1e3
    return [
        Figure("upload to start of the attempt, idle, median", to_start_ms, "ms", at_most=100),
        Figure("job in process, median", median(pair.in_process for pair in pairs), "s"),
        Figure("attempt in the service, median", median(pair.in_service.attempt for pair in pairs), "s"),
        Figure(f"added by the service, median of {len(pairs)} pairs", median(added), "%", at_most=5),
        Figure("added by the service, quartiles of the pairs: lower", percentile(added, 25), "%"),
        Figure("added by the service, quartiles of the pairs: upper", percentile(added, 75), "%"),
    ]
