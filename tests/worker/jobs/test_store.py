"""Job records and their transitions, in a real broker."""

import contextlib
import dataclasses
import threading
import time

import pytest
from cut_line import Cut, CutLine

from worker.jobs.failures import POISON
from worker.jobs.record import ANONYMOUS, FrameKeys, JobError, JobInputs, JobOrigin, JobQueue, JobState
from worker.jobs.store import Attempt, JobStore, connect
from worker.jobs.transitions import Verdict
from worker.settings import Settings

INPUTS = JobInputs("jobs/a/request.json", (FrameKeys("jobs/a/image-0", "jobs/a/point_cloud-0.bin", point_labels="l"),))
LEASE_S = 60.0
FAULT = JobError("out-of-cheese", "There is no cheese left.")


def _begun(jobs: JobStore, job_id: str = "a") -> int:
    jobs.create(job_id, INPUTS)
    return jobs.begin(job_id, "worker-1", LEASE_S).token


def _state(jobs: JobStore, job_id: str = "a") -> JobState:
    record = jobs.get(job_id)
    assert record is not None
    return record.state


def test_a_new_job_is_queued_and_remembers_its_inputs(jobs: JobStore) -> None:
    """What was created is what is read."""
    assert jobs.create("a", INPUTS) is Verdict.OK
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.inputs, record.deliveries, record.progress) == (JobState.QUEUED, INPUTS, 0, 0.0)
    assert record.started_at is None
    assert record.artifacts is None
    assert record.error is None


def test_an_id_is_given_once(jobs: JobStore) -> None:
    """Creating a job again leaves the first as it is."""
    token = _begun(jobs)
    assert jobs.create("a", INPUTS) is Verdict.EXISTS
    assert jobs.progress("a", token, "refinement", 0.5, None) is Verdict.OK


def test_an_unknown_job_is_gone_for_every_transition(jobs: JobStore) -> None:
    """No transition makes a record where there is none."""
    assert jobs.get("a") is None
    assert jobs.begin("a", "worker-1", LEASE_S) == Attempt(Verdict.GONE, 0)
    assert jobs.progress("a", 1, "refinement", 0.5, None) is Verdict.GONE
    assert jobs.finish("a", 1, JobState.SUCCEEDED, artifacts=True) is Verdict.GONE
    assert jobs.renew("a", 1, LEASE_S) is Verdict.GONE
    assert jobs.hand_back("a", 1) is Verdict.GONE
    assert jobs.lose("a", 1, 3) is Verdict.GONE
    assert jobs.requeue("a") is Verdict.GONE
    assert jobs.cancel("a") is Verdict.GONE
    assert jobs.remove("a") is Verdict.GONE
    assert jobs.get("a") is None


def test_queue_positions_count_the_jobs_before(jobs: JobStore) -> None:
    """Jobs wait in the order they came; a begun or cancelled one no longer counts."""
    for job_id in "zyx":
        jobs.create(job_id, INPUTS)
    assert [jobs.queue_position(job_id) for job_id in "zyx"] == [0, 1, 2]
    jobs.begin("z", "worker-1", LEASE_S)
    jobs.cancel("y")
    assert [jobs.queue_position(job_id) for job_id in "zyx"] == [None, None, 0]


def test_many_records_and_positions_come_at_once(jobs: JobStore) -> None:
    """In the order they were asked for, both queues in one count, and nothing where there is nothing."""
    batch = dataclasses.replace(ANONYMOUS, queue=JobQueue.BATCH)
    for job_id, origin in (("b", batch), ("c", batch), ("i", ANONYMOUS)):
        jobs.create(job_id, INPUTS, origin)
    assert [record and record.id for record in jobs.get_all(["i", "none", "c"])] == ["i", None, "c"]
    assert jobs.queue_positions(["c", "i", "none", "b"]) == [2, 0, None, 1]
    assert jobs.get_all([]) == jobs.queue_positions([]) == []


def test_progress_shows_in_the_record(jobs: JobStore) -> None:
    """A report replaces the one before, its loss included."""
    token = _begun(jobs)
    jobs.progress("a", token, "initialization", 0.4, 12.5)
    record = jobs.get("a")
    assert record is not None
    assert (record.stage, record.progress, record.loss) == ("initialization", 0.4, 12.5)
    jobs.progress("a", token, "refinement", 0.5, None)
    record = jobs.get("a")
    assert record is not None
    assert (record.stage, record.loss) == ("refinement", None)


def test_success_ends_a_job_with_the_artifacts_of_its_attempt(jobs: JobStore) -> None:
    """A succeeded job is done, whole, knows whose artifacts count, and what its result says in a word."""
    token = _begun(jobs)
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True, verdict="low") is Verdict.OK
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.stage, record.progress, record.artifacts) == (JobState.SUCCEEDED, "done", 1.0, token)
    assert record.verdict == "low"
    assert record.created_at <= (record.started_at or 0) <= (record.finished_at or 0)


def test_failure_says_why(jobs: JobStore) -> None:
    """A failed job carries its error, and artifacts only if there are some."""
    token = _begun(jobs)
    jobs.finish("a", token, JobState.FAILED, artifacts=False, error=FAULT)
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.error, record.artifacts) == (JobState.FAILED, FAULT, None)


def test_finishing_again_with_the_same_end_is_no_fault(jobs: JobStore) -> None:
    """A worker that never heard the answer may ask again; another end is refused."""
    token = _begun(jobs)
    jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True)
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True) is Verdict.OK
    assert jobs.finish("a", token, JobState.FAILED, artifacts=False, error=FAULT) is Verdict.FINISHED
    assert _state(jobs) is JobState.SUCCEEDED


def _taken_over(jobs: JobStore) -> tuple[int, int]:
    """Let a job go through a lost attempt and a new one, and return both tokens."""
    old = _begun(jobs)
    assert jobs.lose("a", old, 3) is Verdict.OK
    return old, jobs.begin("a", "worker-2", LEASE_S).token


def test_an_attempt_that_lost_its_token_changes_nothing(jobs: JobStore) -> None:
    """The old attempt wakes up after takeover: every write of it is refused."""
    old, new = _taken_over(jobs)
    before = jobs.get("a")
    assert new > old
    assert jobs.renew("a", old, LEASE_S) is Verdict.SUPERSEDED
    assert jobs.progress("a", old, "refinement", 0.9, 1.0) is Verdict.SUPERSEDED
    assert jobs.finish("a", old, JobState.SUCCEEDED, artifacts=True) is Verdict.SUPERSEDED
    assert jobs.hand_back("a", old) is Verdict.SUPERSEDED
    assert jobs.lose("a", old, 3) is Verdict.SUPERSEDED
    assert jobs.get("a") == before
    assert jobs.finish("a", new, JobState.SUCCEEDED, artifacts=True) is Verdict.OK


def test_a_lost_attempt_may_not_end_its_job_while_that_waits(jobs: JobStore) -> None:
    """The job was promised to the next one."""
    old = _begun(jobs)
    jobs.lose("a", old, 3)
    assert jobs.finish("a", old, JobState.SUCCEEDED, artifacts=True) is Verdict.SUPERSEDED
    assert _state(jobs) is JobState.QUEUED


def test_a_new_attempt_starts_from_nothing(jobs: JobStore) -> None:
    """Progress and loss of the attempt before do not stay."""
    old = _begun(jobs)
    jobs.progress("a", old, "refinement", 0.9, 1.0)
    jobs.lose("a", old, 3)
    jobs.begin("a", "worker-2", LEASE_S)
    record = jobs.get("a")
    assert record is not None
    assert (record.stage, record.progress, record.loss, record.deliveries) == ("", 0.0, None, 2)


def test_a_job_that_runs_is_not_begun_again(jobs: JobStore) -> None:
    """A message that came twice finds the job in other hands."""
    token = _begun(jobs)
    assert jobs.begin("a", "worker-2", LEASE_S) == Attempt(Verdict.OWNED, 0)
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True) is Verdict.OK


def test_a_job_is_begun_although_the_answer_was_lost(jobs: JobStore, broker_settings: Settings) -> None:
    """Who asks again for the same attempt has it: else nobody would until its lease runs out, and it would count."""
    line = CutLine(broker_settings.resolved_broker_url)
    worker = JobStore(connect(f"redis://127.0.0.1:{line.port}", timeout_s=5, patience_s=30))
    _begun(jobs, "so that the script is known")
    jobs.create("a", INPUTS)
    mending = threading.Thread(target=_mend_once_cut, args=(line,))
    line.cut_at(Cut(b"worker-7", then=mending.start))
    attempt = worker.begin("a", "worker-7", LEASE_S)
    mending.join()
    assert attempt == Attempt(Verdict.OK, 1)
    assert jobs.progress("a", attempt.token, "refinement", 0.5, None) is Verdict.OK
    assert worker.begin("a", "worker-7", LEASE_S) == Attempt(Verdict.OWNED, 0)
    worker.close()
    line.close()


def _mend_once_cut(line: CutLine) -> None:
    while True:
        with contextlib.suppress(OSError):  # its port is taken until it is cut
            line.mend()
            return
        time.sleep(0.01)


def test_an_ended_job_is_not_begun_again(jobs: JobStore) -> None:
    """A message that comes back after the end finds nothing to do."""
    token = _begun(jobs)
    jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True)
    assert jobs.begin("a", "worker-2", LEASE_S).verdict is Verdict.FINISHED
    record = jobs.get("a")
    assert record is not None
    assert (record.deliveries, record.token) == (1, token)


def test_a_job_lost_too_often_fails_as_poison(jobs: JobStore) -> None:
    """The third attempt was the last."""
    jobs.create("a", INPUTS)
    for verdict in (Verdict.OK, Verdict.OK, Verdict.POISON):
        last = jobs.begin("a", "worker-1", LEASE_S).token
        assert jobs.lose("a", last, 3) is verdict
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.error, record.deliveries) == (JobState.FAILED, POISON, 3)
    assert jobs.finish("a", last, JobState.SUCCEEDED, artifacts=True) is Verdict.FINISHED


def test_what_is_handed_back_counts_as_no_delivery(jobs: JobStore) -> None:
    """A worker that stops is no fault of the job."""
    for _ in range(5):
        token = _begun(jobs)
        assert jobs.hand_back("a", token) is Verdict.OK
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.deliveries, record.lease_until) == (JobState.QUEUED, 0, None)


def test_what_waits_again_keeps_its_place(jobs: JobStore) -> None:
    """It has waited once already."""
    token = _begun(jobs)
    jobs.create("b", INPUTS)
    jobs.hand_back("a", token)
    assert [jobs.queue_position(job_id) for job_id in "ab"] == [0, 1]


def test_a_lease_holds_until_it_runs_out(jobs: JobStore) -> None:
    """By the broker's clock; renewing moves the end, and only what ran out can be taken."""
    token = _begun(jobs)
    assert jobs.lose("a", token, 3, only_if_expired=True) is Verdict.OWNED
    assert jobs.expired_leases() == []
    assert jobs.renew("a", token, 0) is Verdict.OK
    assert jobs.expired_leases() == ["a"]
    assert jobs.lose("a", token, 3, only_if_expired=True) is Verdict.OK
    assert jobs.expired_leases() == []
    assert _state(jobs) is JobState.QUEUED


def test_two_queues_and_their_places(jobs: JobStore) -> None:
    """Whoever waits for an answer comes before the batch."""
    batch = JobOrigin(queue=JobQueue.BATCH)
    jobs.create("x", INPUTS, batch)
    jobs.create("y", INPUTS)
    jobs.create("z", INPUTS, batch)
    assert [jobs.queue_position(job_id) for job_id in "yxz"] == [0, 1, 2]
    assert [jobs.waiting_jobs(queue) for queue in JobQueue] == [1, 2]


def test_a_record_keeps_where_its_job_came_from(jobs: JobStore) -> None:
    """Owner, queue, request and digest are what was given."""
    origin = JobOrigin("fleet", JobQueue.BATCH, "request-1", "0f0f")
    jobs.create("a", INPUTS, origin)
    record = jobs.get("a")
    assert record is not None
    assert (record.owner, record.queue, record.request_id, record.body_digest) == dataclasses.astuple(origin)


def test_ended_jobs_are_found_when_their_time_is_over(jobs: JobStore) -> None:
    """Inputs and the rest have times of their own; what runs or waits has none."""
    for job_id in "abc":
        jobs.create(job_id, INPUTS)
    token = jobs.begin("b", "worker-1", LEASE_S).token
    assert (jobs.ended_before(0), jobs.with_inputs_ended_before(0)) == ([], [])
    jobs.finish("b", token, JobState.FAILED, artifacts=False, error=FAULT)
    assert jobs.ended_before(LEASE_S) == []
    assert (jobs.ended_before(0), jobs.with_inputs_ended_before(0)) == (["b"], ["b"])
    jobs.forget_inputs("b")
    assert (jobs.ended_before(0), jobs.with_inputs_ended_before(0)) == (["b"], [])


def test_a_duty_is_one_process_s_at_a_time(jobs: JobStore) -> None:
    """The first takes it, and it is free again after its time."""
    assert jobs.reserve("sweep", 60)
    assert not jobs.reserve("sweep", 60)
    assert jobs.reserve("other", 0.001)


def test_a_cancelled_job_that_waited_or_ended_can_be_deleted_at_once(jobs: JobStore) -> None:
    """Nobody works on it or begins it, so nothing has to be waited for; its record stays as long as its blobs do."""
    jobs.create("a", INPUTS)
    assert jobs.cancel("a") is Verdict.OK
    token = _begun(jobs, "b")
    jobs.finish("b", token, JobState.FAILED, artifacts=False, error=FAULT)
    assert jobs.cancel("b") is Verdict.OK
    assert [_state(jobs, job_id) for job_id in "ab"] == [JobState.CANCELLED, JobState.CANCELLED]
    assert jobs.queue_position("a") is None
    assert jobs.ended_before(-1) == []
    assert jobs.begin("a", "worker-1", LEASE_S).verdict is Verdict.CANCELLED
    assert jobs.expired_leases() == ["a", "b"], "reconciling deletes what nobody else does"


def test_cancelling_a_running_job_stops_its_attempt(jobs: JobStore) -> None:
    """The attempt hears of it at its next write; no later delivery starts it again."""
    token = _begun(jobs)
    assert jobs.cancel("a") is Verdict.CANCELLED
    assert jobs.progress("a", token, "refinement", 0.5, None) is Verdict.CANCELLED
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True) is Verdict.CANCELLED
    assert jobs.begin("a", "worker-2", LEASE_S).verdict is Verdict.CANCELLED
    assert _state(jobs) is JobState.CANCELLED
    assert jobs.cancel("a") is Verdict.CANCELLED
    assert jobs.remove("a") is Verdict.OK


@pytest.mark.parametrize("rivals", [8])
def test_of_many_workers_exactly_one_begins_a_job(jobs: JobStore, broker_settings: Settings, rivals: int) -> None:
    """Rivals that begin at once: one verdict is OK, the record is that attempt's."""
    jobs.create("a", INPUTS)
    attempts: list[Attempt] = []
    start = threading.Barrier(rivals)

    def rival() -> None:
        own = JobStore(connect(broker_settings.resolved_broker_url, timeout_s=20))
        start.wait()
        attempts.append(own.begin("a", "worker", LEASE_S))
        own.close()

    threads = [threading.Thread(target=rival) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(attempt.verdict.value for attempt in attempts) == ["ok"] + ["owned"] * (rivals - 1)
    record = jobs.get("a")
    assert record is not None
    assert (record.token, record.deliveries) == (1, 1)
