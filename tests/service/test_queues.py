"""The two queues: who waits for an answer comes before the batch, and the batch gets on all the same."""

from typing import Any

from worker.jobs.record import JobQueue
from worker.jobs.store import JobStore, connect


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


def test_a_batch_job_gets_done_under_a_load_of_interactive_ones_that_never_ends(stack: Any, make_job: Any) -> None:
    """A worker takes at most four of those in a row, so that at most four more begin before each job of the batch."""
    records = JobStore(connect(stack.settings.resolved_broker_url, timeout_s=20))
    load = [_submit(stack, make_job(0.3), "interactive") for _ in range(3)]
    batch = [_submit(stack, make_job(0.1), "batch") for _ in range(2)]
    while any(stack.job(job_id)["state"] != "succeeded" for job_id in batch):
        assert len(load) < 40, "the batch starves"
        if records.waiting_jobs(JobQueue.INTERACTIVE) < 3:
            load.append(_submit(stack, make_job(0.3), "interactive"))
    assert records.waiting_jobs(JobQueue.INTERACTIVE), "the load came to an end"
    last = max(stack.job(job_id)["started_at"] for job_id in batch)
    ended = [stack.wait_for_end(job_id, timeout_s=120) for job_id in load]
    assert sum(job["started_at"] < last for job in ended) <= 2 * 4
    assert {job["state"] for job in ended} == {"succeeded"}
    records.close()
