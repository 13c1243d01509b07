"""The moments in which the death of a worker matters most: the job ends once, as if nothing had happened."""

import os
import signal
from typing import Any

import pytest

from worker.dispatch import Dispatcher


def _verdicts(stack: Any, job_id: str, event: str) -> list[str]:
    return [entry["verdict"] for entry in stack.events(job_id, event)]


def _attempts_with_blobs(stack: Any, job_id: str) -> set[str]:
    return {name.split("/")[1] for name in stack.blobs(job_id) if name.startswith("attempts")}


def _attempt_of_the_result(stack: Any, job_id: str) -> int:
    record = stack.records().get(job_id)
    assert record is not None
    assert record.artifacts is not None
    return int(record.artifacts)


@pytest.mark.parametrize(
    ("ending", "attempts"),
    [(8, ["1", "2"]), (9, ["1", "2"]), (10, ["1"])],
    ids=["after-a-checkpoint", "after-the-result", "after-the-end"],
)
def test_a_worker_dies_in_the_window(stack: Any, make_job: Any, ending: int, attempts: list[str]) -> None:
    """After a checkpoint, with the result written, or before the acknowledgement: one result stays.

    It is the one that the record names; what the dead attempt had stored is gone.
    """
    job_id = stack.submit(make_job(seconds=0.2, ending=ending))
    stack.wait_for(lambda: not stack.worker.is_alive)
    stack.start_worker()
    status = stack.wait_for_end(job_id, timeout_s=120)
    assert (status["state"], status["result"]["seed"]) == ("succeeded", ending)
    assert _attempts_with_blobs(stack, job_id) == {attempts[-1]}
    assert _verdicts(stack, job_id, "job delivered").count("ok") == len(attempts)
    _deliver_again(stack, job_id)
    assert stack.job(job_id) == status


def _deliver_again(stack: Any, job_id: str) -> None:
    """Do what the queue does with a message that nobody acknowledged."""
    dispatcher = Dispatcher(stack.settings)
    dispatcher.publish(job_id)
    dispatcher.close()
    stack.wait_for(lambda: "finished" in _verdicts(stack, job_id, "job delivered"))


def test_an_old_attempt_that_wakes_up_after_takeover_changes_nothing(stack: Any, make_job: Any) -> None:
    """Its worker froze; another took the job over and ended it. What the old one then writes is refused and removed."""
    job_id = stack.submit(make_job(seconds=1.5))
    stack.wait_until_in_pipeline(job_id)
    frozen = stack.worker
    os.killpg(frozen.pid, signal.SIGSTOP)
    try:
        stack.start_worker()
        status = stack.wait_for_end(job_id, timeout_s=120)
        assert status["state"] == "succeeded"
    finally:
        os.killpg(frozen.pid, signal.SIGCONT)
    try:
        # In the raw log: the time limit, which passed while it was frozen, may break into the very line that says so.
        stack.wait_for(lambda: "superseded" in stack.worker_log.read_text())
        winner = _attempt_of_the_result(stack, job_id)
        assert winner > 1
        stack.wait_for(lambda: _attempts_with_blobs(stack, job_id) == {str(winner)})
        assert stack.job(job_id) == status
    finally:
        frozen.kill()
