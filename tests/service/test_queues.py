"""The two queues: who waits for an answer comes before the batch."""

from typing import Any


def _submit(stack: Any, upload: Any, queue: str) -> str:
    response = stack.http.post("/calibrate", params={"queue": queue}, files=upload.parts)
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def test_a_worker_takes_an_interactive_job_before_earlier_ones_of_the_batch(stack: Any, make_job: Any) -> None:
    """Places in the queues say so, and the order in which the jobs are begun."""
    stack.worker.stop(60)
    batch = [_submit(stack, make_job(), "batch") for _ in range(3)]
    interactive = [_submit(stack, make_job(), "interactive") for _ in range(2)]
    expected = interactive + batch
    assert [stack.job(job_id)["queue_position"] for job_id in expected] == [0, 1, 2, 3, 4]
    stack.revive_worker()
    ended = [stack.wait_for_end(job_id, timeout_s=120) for job_id in expected]
    assert sorted(ended, key=lambda job: job["started_at"]) == ended
