"""DELETE of a job that runs."""

import time
from typing import Any

from service.schemas import JobStatus


def _wait_until_gone(stack: Any, job_id: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while stack.http.get(f"/jobs/{job_id}").status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_running_job_stops_at_its_next_report_and_leaves_no_byte(stack: Any, make_job: Any) -> None:
    """It is gone soon after, if not at once, and the worker is free."""
    job_id = stack.submit(make_job(seconds=7))
    stack.wait_until(job_id, "running")
    assert stack.http.delete(f"/jobs/{job_id}").status_code in (202, 204)
    _wait_until_gone(stack, job_id, 60)
    assert stack.blobs(job_id) == []
    assert [event["verdict"] for event in stack.events(job_id, "job ended")] == ["cancelled"]
    assert stack.wait_for_end(stack.submit(make_job()), timeout_s=120)["state"] == "succeeded"


def test_a_job_that_does_not_listen_is_terminated(stack: Any, make_job: Any) -> None:
    """The job shows as cancelled; after the grace (1 s here) its process is killed, and the next job gets a new one."""
    job_id = stack.submit(make_job(seconds=7, ending=3))
    stack.wait_until_in_pipeline(job_id)
    response = stack.http.delete(f"/jobs/{job_id}")
    assert response.status_code == 202
    assert JobStatus.model_validate(response.json()).state == "cancelled"
    next_job = stack.submit(make_job())
    _wait_until_gone(stack, job_id, 60)
    assert stack.blobs(job_id) == []
    assert stack.wait_for_end(next_job, timeout_s=120)["state"] == "succeeded"
    assert stack.events(job_id, "job ended") == []


def test_a_cancelled_waiting_job_is_never_begun(stack: Any, make_job: Any) -> None:
    """Its message finds nothing to do."""
    running, waiting = stack.submit(make_job(seconds=1)), stack.submit(make_job())
    assert stack.http.delete(f"/jobs/{waiting}").status_code == 204
    assert stack.blobs(waiting) == []
    after = stack.submit(make_job())
    stack.wait_for_end(running)
    stack.wait_for_end(after)
    assert [event["verdict"] for event in stack.events(waiting, "job delivered")] == ["gone"]
