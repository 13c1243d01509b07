"""The thread that renews an attempt's lease, against a real broker."""

import threading
import time
from collections.abc import Callable

import pytest

from worker.jobs.lease import LeaseKeeper
from worker.jobs.record import JobInputs, JobState
from worker.jobs.store import JobStore, connect

LONG_S = 60.0
PATIENCE_S = 20.0


def _begun(jobs: JobStore, lease_s: float) -> int:
    jobs.create("a", JobInputs("request", ()))
    return jobs.begin("a", "worker", lease_s).token


def _keeper(
    jobs: JobStore, token: int, terminate: Callable[[], None], *, lease_s: float, grace_s: float
) -> LeaseKeeper:
    return LeaseKeeper(jobs, "a", token, lease_s=lease_s, grace_s=grace_s, terminate=terminate)


def _lease_until(jobs: JobStore) -> float:
    record = jobs.get("a")
    assert record is not None
    assert record.lease_until is not None
    return record.lease_until


def test_a_lease_is_renewed_while_the_attempt_works(jobs: JobStore) -> None:
    """Its end moves on, whatever the attempt itself does meanwhile."""
    token = _begun(jobs, 0.5)
    first = _lease_until(jobs)
    with _keeper(jobs, token, pytest.fail, lease_s=0.5, grace_s=LONG_S):
        deadline = time.monotonic() + PATIENCE_S
        while _lease_until(jobs) < first + 0.3:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("fate", ["cancel", "remove", "lose"])
def test_an_attempt_that_does_not_stop_is_terminated(jobs: JobStore, fate: str) -> None:
    """Cancelled, deleted or taken over: after the grace its process is killed."""
    token = _begun(jobs, LONG_S)
    terminated = threading.Event()
    with _keeper(jobs, token, terminated.set, lease_s=0.1, grace_s=0):
        getattr(jobs, fate)(*(("a", token, 3) if fate == "lose" else ("a",)))
        assert terminated.wait(PATIENCE_S)


def test_an_attempt_that_stops_in_time_is_let_alone(jobs: JobStore) -> None:
    """Leaving the block is enough."""
    token = _begun(jobs, LONG_S)
    terminated = threading.Event()
    with _keeper(jobs, token, terminated.set, lease_s=0.1, grace_s=LONG_S):
        jobs.cancel("a")
    assert not terminated.wait(0.5)


def test_an_attempt_that_has_just_ended_its_job_is_let_alone(jobs: JobStore) -> None:
    """It may still clean up behind itself."""
    token = _begun(jobs, LONG_S)
    terminated = threading.Event()
    with _keeper(jobs, token, terminated.set, lease_s=0.1, grace_s=0):
        jobs.finish("a", token, JobState.SUCCEEDED, artifacts=False)
        assert not terminated.wait(0.5)


def test_a_broker_that_is_away_kills_no_attempt() -> None:
    """It may be back before the lease is over."""
    nowhere = JobStore(connect("unix:///nowhere/broker.sock", timeout_s=1))
    terminated = threading.Event()
    with _keeper(nowhere, 1, terminated.set, lease_s=0.1, grace_s=0):
        assert not terminated.wait(0.5)
