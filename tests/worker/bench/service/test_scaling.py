"""Two beside one: of workers in a service, and of processes without any."""

import pytest

from worker.bench.service.jobs import Throughput
from worker.bench.service.report import Figure
from worker.bench.service.scaling import ScalingTurn, scaling_figures, scaling_turn


class Process:
    """Computes jobs of so many seconds, the last of so many more; what is begun is noted."""

    def __init__(self, name: str, seconds: float, last: float, calls: list[str]) -> None:
        self._name, self._seconds, self._last, self._calls = name, seconds, last, calls
        self._open = 0

    def begin(self) -> None:
        """Note it."""
        self._calls.append(f"{self._name} begins")
        self._open += 1

    def finish(self) -> float:
        """Return the seconds of the next job."""
        self._open -= 1
        return self._seconds if self._open else self._last


class Service:
    """A service of so many workers."""

    def __init__(self, workers: int, calls: list[str]) -> None:
        self._workers, self._calls = workers, calls

    def many(self, count: int) -> Throughput:
        """Note it; each worker takes a second for a job."""
        self._calls.append(f"service of {self._workers}")
        return throughput(count, count / self._workers)


def throughput(jobs: int, seconds: float) -> Throughput:
    return Throughput(jobs, seconds, broker_commands_per_job=90, broker_kib_per_job=16)


@pytest.mark.parametrize("two_first", [False, True])
def test_a_turn_measures_one_and_two_of_each(two_first: bool) -> None:
    """All jobs of two processes are begun before any is waited for; the last of each counts for nothing."""
    calls: list[str] = []
    services = tuple(Service(workers, calls) for workers in (1, 2))
    processes = (Process("a", 1.0, 9.0, calls), Process("b", 2.0, 9.0, calls))
    turn = scaling_turn(services, processes, count=2, two_first=two_first)  # type: ignore[arg-type]
    assert turn.one.an_hour == 3600
    assert turn.two.an_hour == 7200
    assert turn.one_process_an_hour == pytest.approx(3600)
    assert turn.two_processes_an_hour == pytest.approx(3600 + 1800)
    one, two = ["service of 1"], ["service of 2"]
    alone, both = ["a begins"] * 3, ["a begins"] * 3 + ["b begins"] * 3
    assert calls == (two + one + both + alone if two_first else one + two + alone + both)


def test_a_ratio_is_that_of_its_turn() -> None:
    """A machine that is half as fast in one turn changes no ratio, only the jobs an hour."""
    turns = [
        ScalingTurn(throughput(10, 10 * slow), throughput(10, 5.5 * slow), 3600 / slow, 7000 / slow)
        for slow in (1, 2, 2)
    ]
    figures = {figure.name: figure for figure in scaling_figures(turns)}
    assert figures["jobs an hour, one worker"].value == pytest.approx(1800)
    ratio = figures["two workers over one, median of 3 turns"]
    assert ratio == Figure(ratio.name, pytest.approx(10 / 5.5), "x", at_least=1.8)
    assert figures["two processes over one without the service, median of 3 turns"].value == pytest.approx(70 / 36)
