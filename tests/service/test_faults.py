"""Processes that die in mid-job: nothing accepted is lost, nothing ends twice."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from worker.dispatch import Dispatcher


def _child_pids(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _verdicts(stack: Any, job_id: str, event: str) -> list[str]:
    return [entry["verdict"] for entry in stack.events(job_id, event)]


def test_a_job_whose_worker_is_killed_is_finished_once_by_the_next(stack: Any, make_job: Any) -> None:
    """Long before the queue itself would send the message again (600 s here): the lease of 5 s runs out."""
    job_id = stack.submit(make_job(seconds=2))
    stack.wait_until(job_id, "running")
    stack.worker.kill()
    stack.start_worker()
    status = stack.wait_for_end(job_id, timeout_s=120)
    assert status["state"] == "succeeded"
    assert _verdicts(stack, job_id, "job ended") == ["ok"]
    assert _verdicts(stack, job_id, "job delivered").count("ok") == 2
    assert {name.split("/")[1] for name in stack.blobs(job_id) if name.startswith("attempts")} == {"2"}


def test_a_restart_of_the_broker_in_mid_job_loses_nothing(stack: Any, make_job: Any) -> None:
    """The running job ends once, the waiting one is worked on after it, new ones are taken."""
    running, waiting = stack.submit(make_job(seconds=2)), stack.submit(make_job())
    stack.wait_until(running, "running")
    stack.restart_broker()
    new = stack.submit(make_job())
    for job_id in (running, waiting, new):
        assert stack.wait_for_end(job_id, timeout_s=120)["state"] == "succeeded"
        assert _verdicts(stack, job_id, "job ended") == ["ok"]


def test_a_broker_killed_in_mid_job_loses_nothing(stack: Any, make_job: Any) -> None:
    """The append-only file has everything that was accepted."""
    running, waiting = stack.submit(make_job(seconds=2)), stack.submit(make_job())
    stack.wait_until(running, "running")
    os.kill(stack.broker.pid, signal.SIGKILL)
    stack.restart_broker()
    for job_id in (running, waiting):
        assert stack.wait_for_end(job_id, timeout_s=120)["state"] == "succeeded"
        assert _verdicts(stack, job_id, "job ended") == ["ok"]


def test_a_job_whose_end_falls_into_an_outage_of_the_broker_still_ends(stack: Any, make_job: Any) -> None:
    """The worker waits with the result in its hands."""
    job_id = stack.submit(make_job(seconds=2.5))
    stack.wait_until(job_id, "running")
    stack.broker.stop(5)
    time.sleep(3)
    stack.restart_broker()
    assert stack.wait_for_end(job_id, timeout_s=120)["state"] == "succeeded"
    assert _verdicts(stack, job_id, "job ended") == ["ok"]


@pytest.mark.parametrize("ending", [4, 6, 7], ids=["child", "memory", "worker"])
def test_a_poisonous_job_is_given_up_while_others_go_on(stack: Any, make_job: Any, ending: int) -> None:
    """It kills its process, takes all memory, or kills the whole worker: three deliveries, then it has failed."""
    poison, good = stack.submit(make_job(ending=ending)), stack.submit(make_job())

    def both_ended() -> bool:
        stack.revive_worker()
        return all(stack.job(job_id)["finished_at"] is not None for job_id in (poison, good))

    stack.wait_for(both_ended)
    status = stack.job(poison)
    assert (status["state"], status["error"]["type"]) == ("failed", "poison")
    assert stack.job(good)["state"] == "succeeded"
    assert _verdicts(stack, poison, "job delivered").count("ok") == 3


@pytest.mark.parametrize("ending", [0, 5], ids=["soft", "hard"])
def test_a_job_over_the_time_limit_fails_with_that_reason(stack: Any, make_job: Any, ending: int) -> None:
    """It is told to stop; one that does not is killed, and its supervisor ends the job."""
    job_id = stack.submit(make_job(seconds=60, ending=ending))
    status = stack.wait_for_end(job_id, timeout_s=120)
    assert (status["state"], status["error"]["type"]) == ("failed", "time-limit-exceeded")
    assert _verdicts(stack, job_id, "job delivered").count("ok") == 1


def test_a_stopping_worker_hands_its_job_back(stack: Any, make_job: Any) -> None:
    """SIGTERM gives the job a grace (1 s here), then it waits for the next worker, and a message with it."""
    job_id = stack.submit(make_job(seconds=3))
    stack.wait_until(job_id, "running")
    stack.worker.stop(120)
    # On a machine that is slow to deliver the signal the job may have come to its end.
    if stack.job(job_id)["state"] != "succeeded":
        assert stack.job(job_id)["state"] == "queued"
        assert job_id in Dispatcher(stack.settings).queued_jobs()
    stack.start_worker()
    assert stack.wait_for_end(job_id, timeout_s=120)["state"] == "succeeded"
    assert _verdicts(stack, job_id, "job ended") == ["ok"]


def test_a_killed_worker_takes_its_processes_with_it(stack: Any, make_job: Any) -> None:
    """An orphan would compute on, and hold the GPU."""
    job_id = stack.submit(make_job(seconds=3))
    stack.wait_until(job_id, "running")
    children = _child_pids(stack.worker.pid)
    assert children
    os.kill(stack.worker.pid, signal.SIGKILL)
    stack.worker.kill()
    deadline = time.monotonic() + 30
    while any(_is_live(pid) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stack.http.delete(f"/jobs/{job_id}")


def _is_live(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
