"""How many more jobs two workers do than one, and what the machine makes of two processes without any service."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from worker.bench.service.in_process import JobProcess
from worker.bench.service.jobs import Jobs, Throughput
from worker.bench.service.report import Figure


@dataclass(frozen=True)
class ScalingTurn:
    """One worker and two, one process and two without a service, all within half a minute of a machine's life."""

    one: Throughput
    two: Throughput
    one_process_an_hour: float
    two_processes_an_hour: float


def scaling_turn(
    services: tuple[Jobs, Jobs], processes: tuple[JobProcess, JobProcess], count: int, two_first: bool
) -> ScalingTurn:
    """Measure once what one and two do, one after the other, while the rest is idle.

    Args:
        services: With one worker, and with two; all of them warm.
        processes: Two that compute the same job.
        count: Jobs that count, of each service and of each process.
        two_first: Whether the two are measured before the one.
    """
    order = (1, 0) if two_first else (0, 1)
    throughput = {index: services[index].many(count) for index in order}
    alone = {index: _an_hour(processes[: index + 1], count) for index in order}
    return ScalingTurn(throughput[0], throughput[1], alone[0], alone[1])


def scaling_figures(turns: Sequence[ScalingTurn]) -> list[Figure]:
    """Return the medians over all turns; ratios are those within a turn."""
    median = statistics.median
    many = f"median of {len(turns)} turns"
    return [
        Figure("jobs an hour, one worker", median(turn.one.an_hour for turn in turns), "1/h"),
        Figure("jobs an hour, two workers", median(turn.two.an_hour for turn in turns), "1/h"),
        Figure(
            f"two workers over one, {many}", median(t.two.an_hour / t.one.an_hour for t in turns), "x", at_least=1.8
        ),
        Figure(
            f"two processes over one without the service, {many}",
            median(turn.two_processes_an_hour / turn.one_process_an_hour for turn in turns),
            "x",
        ),
        Figure("broker commands a job", median(turn.one.broker_commands_per_job for turn in turns), ""),
        Figure("broker traffic a job", median(turn.one.broker_kib_per_job for turn in turns), "KiB"),
    ]


def _an_hour(processes: Sequence[JobProcess], count: int) -> float:
    """Return the jobs an hour of processes that are all at work while any of their jobs counts."""
    for process in processes:
        for _ in range(count + 1):
            process.begin()
    # The last of each is there to keep it busy until the others are done, too.
    seconds = [[process.finish() for _ in range(count + 1)][:count] for process in processes]
    return 3600 * sum(count / sum(each) for each in seconds)
