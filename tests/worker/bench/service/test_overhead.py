"""A job in the service beside the same job without it."""

import pytest

from worker.bench.service import overhead
from worker.bench.service.jobs import JobTimes
from worker.bench.service.overhead import Pair, measure_pair, overhead_figures
from worker.bench.service.report import Figure


class Service:
    """Takes a tenth of a second to begin a job and two seconds for it; what is asked of it is noted."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def one_alone(self) -> JobTimes:
        """Note it."""
        self._calls.append("service")
        return JobTimes(0.1, 2.0)


class Process:
    """Takes a second for a job; what is asked of it is noted."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def run(self) -> float:
        """Note it."""
        self._calls.append("process")
        return 1.0


@pytest.mark.parametrize("service_first", [False, True])
def test_a_pair_is_one_job_of_each(monkeypatch: pytest.MonkeyPatch, service_first: bool) -> None:
    """In the order that is asked for, so that neither always has what the other left in the caches."""
    monkeypatch.setattr(overhead, "BETWEEN_JOBS_S", 0)
    calls: list[str] = []
    pair = measure_pair(Service(calls), Process(calls), service_first=service_first)  # type: ignore[arg-type]
    assert pair == Pair(JobTimes(0.1, 2.0), 1.0)
    assert calls == (["service", "process"] if service_first else ["process", "service"])


def test_what_is_added_is_what_is_added_within_a_pair() -> None:
    """A machine that is at times ten times as slow adds nothing, where it is as slow for both."""
    pairs = [Pair(JobTimes(0.02 * slow, 1.04 * slow), slow) for slow in (1.0, 10.0, 10.0, 1.0)]
    figures = {figure.name: figure for figure in overhead_figures(pairs)}
    added = figures["added by the service, median of 4 pairs"]
    assert added == Figure(added.name, pytest.approx(4.0), "%", at_most=5)
    quartiles = [figure.value for name, figure in figures.items() if "quartiles" in name]
    assert quartiles == pytest.approx([4.0, 4.0])
    assert figures["upload to start of the attempt, idle, median"].value == pytest.approx(110)
