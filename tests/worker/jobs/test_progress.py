"""Progress written to the record while a job runs."""

import math
from dataclasses import dataclass

import pytest

from worker.errors import Cancelled
from worker.jobs.progress import ProgressWriter
from worker.jobs.record import JobInputs, JobRecord
from worker.jobs.store import JobStore, connect


@dataclass(frozen=True)
class Report:
    """What a pipeline reports."""

    stage: str
    overall: float
    loss: float | None = None


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def _record(jobs: JobStore) -> JobRecord:
    record = jobs.get("a")
    assert record is not None
    return record


def _writer(jobs: JobStore, clock: Clock) -> ProgressWriter:
    jobs.create("a", JobInputs("request", ()))
    return ProgressWriter(jobs, "a", jobs.begin("a", "worker", 60).token, clock)


def test_at_most_five_reports_a_second_are_written(jobs: JobStore) -> None:
    """Reports in quick succession are dropped, the next after the pause is not."""
    clock = Clock()
    write = _writer(jobs, clock)
    write(Report("refinement", 0.5))
    clock.now = 0.1
    write(Report("refinement", 0.6))
    assert _record(jobs).progress == 0.5
    clock.now = 0.21
    write(Report("refinement", 0.7))
    assert _record(jobs).progress == 0.7


def test_a_change_of_stage_is_written_at_once(jobs: JobStore) -> None:
    """A short stage is seen all the same."""
    write = _writer(jobs, Clock())
    write(Report("segmentation", 0.1))
    write(Report("initialization", 0.3))
    assert _record(jobs).stage == "initialization"


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_left_out(jobs: JobStore, loss: float) -> None:
    """JSON has no word for it."""
    write = _writer(jobs, Clock())
    write(Report("refinement", 0.5, loss))
    assert _record(jobs).loss is None


def test_a_cancelled_job_stops_its_attempt(jobs: JobStore) -> None:
    """The report is the moment an attempt hears of it."""
    write = _writer(jobs, Clock())
    jobs.cancel("a")
    with pytest.raises(Cancelled):
        write(Report("refinement", 0.5))


def test_a_broker_that_is_away_costs_a_report_only() -> None:
    """The job goes on."""
    nowhere = JobStore(connect("unix:///nowhere/broker.sock", timeout_s=1))
    ProgressWriter(nowhere, "a", 1)(Report("refinement", 0.5))
