"""Job records and their transitions, in a real broker."""

import threading

import pytest

from worker.jobs.record import FrameKeys, JobError, JobInputs, JobState
from worker.jobs.store import Attempt, JobStore, connect
from worker.jobs.transitions import Verdict
from worker.settings import Settings

INPUTS = JobInputs("jobs/a/request.json", (FrameKeys("jobs/a/image-0", "jobs/a/point_cloud-0.bin", point_labels="l"),))
FAULT = JobError("out-of-cheese", "There is no cheese left.")


def _begun(jobs: JobStore, job_id: str = "a") -> int:
    jobs.create(job_id, INPUTS)
    return jobs.begin(job_id, "worker-1", 3).token


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
    assert jobs.begin("a", "worker-1", 3) == Attempt(Verdict.GONE, 0)
    assert jobs.progress("a", 1, "refinement", 0.5, None) is Verdict.GONE
    assert jobs.finish("a", 1, JobState.SUCCEEDED, artifacts=True) is Verdict.GONE
    assert jobs.lose("a", "worker-1", FAULT) is Verdict.GONE
    assert jobs.cancel("a") is Verdict.GONE
    assert jobs.remove("a") is Verdict.GONE
    assert jobs.get("a") is None


def test_queue_positions_count_the_jobs_before(jobs: JobStore) -> None:
    """Jobs wait in the order they came; a begun or cancelled one no longer counts."""
    for job_id in "zyx":
        jobs.create(job_id, INPUTS)
    assert [jobs.queue_position(job_id) for job_id in "zyx"] == [0, 1, 2]
    jobs.begin("z", "worker-1", 3)
    jobs.cancel("y")
    assert [jobs.queue_position(job_id) for job_id in "zyx"] == [None, None, 0]


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
    """A succeeded job is done, whole, and knows whose artifacts count."""
    token = _begun(jobs)
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True) is Verdict.OK
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.stage, record.progress, record.artifacts) == (JobState.SUCCEEDED, "done", 1.0, token)
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


def test_an_attempt_that_lost_its_token_changes_nothing(jobs: JobStore) -> None:
    """The old attempt wakes up after takeover: every write of it is refused."""
    old = _begun(jobs)
    new = jobs.begin("a", "worker-2", 3).token
    before = jobs.get("a")
    assert new > old
    assert jobs.progress("a", old, "refinement", 0.9, 1.0) is Verdict.SUPERSEDED
    assert jobs.finish("a", old, JobState.SUCCEEDED, artifacts=True) is Verdict.SUPERSEDED
    assert jobs.lose("a", "worker-1", FAULT) is Verdict.SUPERSEDED
    assert jobs.get("a") == before
    assert jobs.finish("a", new, JobState.SUCCEEDED, artifacts=True) is Verdict.OK


def test_a_new_attempt_starts_from_nothing(jobs: JobStore) -> None:
    """Progress and loss of the attempt before do not stay."""
    jobs.progress("a", _begun(jobs), "refinement", 0.9, 1.0)
    jobs.begin("a", "worker-2", 3)
    record = jobs.get("a")
    assert record is not None
    assert (record.stage, record.progress, record.loss, record.deliveries) == ("", 0.0, None, 2)


def test_an_ended_job_is_not_begun_again(jobs: JobStore) -> None:
    """A message that comes back after the end finds nothing to do."""
    token = _begun(jobs)
    jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True)
    assert jobs.begin("a", "worker-2", 3).verdict is Verdict.FINISHED
    record = jobs.get("a")
    assert record is not None
    assert (record.deliveries, record.token) == (1, token)


def test_a_job_delivered_too_often_fails_as_poison(jobs: JobStore) -> None:
    """After three deliveries the next ends it, and takes the token from the last."""
    last = _begun(jobs)
    for _ in range(2):
        last = jobs.begin("a", "worker-1", 3).token
    assert jobs.begin("a", "worker-1", 3).verdict is Verdict.POISON
    record = jobs.get("a")
    assert record is not None
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error.type == "poison"
    assert record.deliveries == 3
    assert jobs.finish("a", last, JobState.SUCCEEDED, artifacts=True) is Verdict.SUPERSEDED


def test_the_supervisor_ends_the_job_of_a_killed_process(jobs: JobStore) -> None:
    """Only the worker that owns the job, and only while it runs."""
    _begun(jobs)
    assert jobs.lose("a", "worker-1", FAULT) is Verdict.OK
    record = jobs.get("a")
    assert record is not None
    assert (record.state, record.error) == (JobState.FAILED, FAULT)
    assert jobs.lose("a", "worker-1", FAULT) is Verdict.FINISHED


def test_cancelling_a_waiting_or_ended_job_deletes_it(jobs: JobStore) -> None:
    """Nobody works on it, so nothing has to be waited for."""
    jobs.create("a", INPUTS)
    assert jobs.cancel("a") is Verdict.OK
    token = _begun(jobs, "b")
    jobs.finish("b", token, JobState.FAILED, artifacts=False, error=FAULT)
    assert jobs.cancel("b") is Verdict.OK
    assert jobs.get("a") is None
    assert jobs.get("b") is None
    assert jobs.queue_position("a") is None


def test_cancelling_a_running_job_stops_its_attempt(jobs: JobStore) -> None:
    """The attempt hears of it at its next write; no later delivery starts it again."""
    token = _begun(jobs)
    assert jobs.cancel("a") is Verdict.CANCELLED
    assert jobs.progress("a", token, "refinement", 0.5, None) is Verdict.CANCELLED
    assert jobs.finish("a", token, JobState.SUCCEEDED, artifacts=True) is Verdict.CANCELLED
    assert jobs.begin("a", "worker-2", 3).verdict is Verdict.CANCELLED
    assert _state(jobs) is JobState.CANCELLED
    assert jobs.cancel("a") is Verdict.CANCELLED
    assert jobs.remove("a") is Verdict.OK


@pytest.mark.parametrize("rivals", [8])
def test_of_many_attempts_exactly_one_ends_the_job(
    jobs: JobStore, client: object, broker_settings: Settings, rivals: int
) -> None:
    """Rivals that begin and finish at once: one verdict is OK, the record is that attempt's."""
    jobs.create("a", INPUTS)
    verdicts: list[tuple[int, Verdict]] = []
    start = threading.Barrier(rivals)

    def rival() -> None:
        own = JobStore(connect(broker_settings.resolved_broker_url, timeout_s=5))
        start.wait()
        token = own.begin("a", "worker", rivals).token
        start.wait()
        verdicts.append((token, own.finish("a", token, JobState.SUCCEEDED, artifacts=True)))
        own.close()

    threads = [threading.Thread(target=rival) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [token for token, verdict in verdicts if verdict is Verdict.OK]
    record = jobs.get("a")
    assert record is not None
    assert winners == [record.artifacts]
    assert len(verdicts) == rivals
