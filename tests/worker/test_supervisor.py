"""What becomes of the jobs of processes that were killed, with a real broker and real blobs."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.dispatch import Dispatcher
from worker.jobs.reconciler import Reconciler
from worker.jobs.record import JobInputs, JobOrigin, JobRecord, JobState
from worker.jobs.store import JobStore
from worker.settings import Settings
from worker.storage import BlobMissing, BlobStore, artifact_key, open_storage
from worker.supervisor import Supervisor

LEASE_S = 60.0


@pytest.fixture
def settings(broker_settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with blobs of their own."""
    return Settings(data_dir=tmp_path, broker_url=broker_settings.resolved_broker_url)


@pytest.fixture
def blobs(settings: Settings) -> BlobStore:
    """Return an empty storage."""
    return open_storage(settings)


@pytest.fixture
def dispatcher(settings: Settings) -> Dispatcher:
    """Return the way into the queues."""
    return Dispatcher(settings)


@pytest.fixture
def supervisor(settings: Settings, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher) -> Supervisor:
    """Return the supervisor of `worker-1`."""
    return Supervisor(settings, "worker-1", jobs, blobs, dispatcher)


def _begin(jobs: JobStore, job_id: str = "a", worker: str = "worker-1") -> None:
    jobs.create(job_id, JobInputs("request", ()))
    jobs.begin(job_id, worker, LEASE_S)


def _record(jobs: JobStore, job_id: str = "a") -> JobRecord:
    record = jobs.get(job_id)
    assert record is not None
    return record


def test_the_job_of_a_killed_process_waits_again(
    jobs: JobStore, supervisor: Supervisor, dispatcher: Dispatcher
) -> None:
    """At once, and with a message: nobody waits for its lease."""
    _begin(jobs)
    supervisor.see_to("a", timed_out=False)
    assert (_record(jobs).state, _record(jobs).deliveries) == (JobState.QUEUED, 1)
    assert dispatcher.queued_jobs() == {"a"}


def test_the_third_killed_process_was_the_last(jobs: JobStore, supervisor: Supervisor) -> None:
    """Then the job has failed."""
    for _ in range(3):
        _begin(jobs)
        supervisor.see_to("a", timed_out=False)
    error = _record(jobs).error
    assert error is not None
    assert error.type == "poison"


def test_a_process_killed_by_the_hard_limit_ends_its_job(
    jobs: JobStore, supervisor: Supervisor, dispatcher: Dispatcher, blobs: BlobStore, settings: Settings
) -> None:
    """Another attempt would take as long; what this one had stored goes."""
    _begin(jobs)
    blobs.put(artifact_key("a", 1, "result.json"), b"{}")
    supervisor.see_to("a", timed_out=True)
    record = _record(jobs)
    assert record.error is not None
    assert (record.state, record.error.type) == (JobState.FAILED, "time-limit-exceeded")
    assert dispatcher.queued_jobs() == set()
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_a_cancelled_job_whose_process_was_killed_leaves_no_byte(
    jobs: JobStore, supervisor: Supervisor, blobs: BlobStore, settings: Settings
) -> None:
    """It is how a job ends that does not listen."""
    _begin(jobs)
    jobs.cancel("a")
    blobs.put(artifact_key("a", 1, "result.json"), b"{}")
    supervisor.see_to("a", timed_out=False)
    assert jobs.get("a") is None
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_a_job_that_another_worker_has_is_let_alone(jobs: JobStore, supervisor: Supervisor) -> None:
    """The process that died had lost it before."""
    _begin(jobs, worker="worker-2")
    before = _record(jobs)
    supervisor.see_to("a", timed_out=False)
    supervisor.see_to("b", timed_out=False)
    supervisor.hand_back_all()
    assert _record(jobs) == before


def test_what_a_killed_process_left_of_another_ones_job_goes(
    jobs: JobStore, supervisor: Supervisor, blobs: BlobStore
) -> None:
    """It woke up, wrote, and was killed before it could clean up; as long as the other works, nothing is touched."""
    _begin(jobs)
    jobs.lose("a", 1, 3)
    jobs.begin("a", "worker-2", LEASE_S)
    for attempt in (1, 2):
        blobs.put(artifact_key("a", attempt, "result.json"), b"{}")
    supervisor.see_to("a", timed_out=True)
    assert blobs.get(artifact_key("a", 2, "result.json")) == b"{}"
    jobs.finish("a", 2, JobState.SUCCEEDED, artifacts=True)
    supervisor.see_to("a", timed_out=True)
    assert blobs.get(artifact_key("a", 2, "result.json")) == b"{}"
    with pytest.raises(BlobMissing):
        blobs.get(artifact_key("a", 1, "result.json"))


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_job_whose_process_is_about_to_be_killed_is_tidied_again(
    jobs: JobStore, supervisor: Supervisor, blobs: BlobStore, settings: Settings, is_cancelled: bool
) -> None:
    """The time limit is announced before it strikes: until then the process writes on."""
    _begin(jobs)
    if is_cancelled:
        jobs.cancel("a")
    supervisor.see_to("a", timed_out=True)
    blobs.put(artifact_key("a", 1, "result.json"), b"{}")
    over = settings.model_copy(update={"hard_time_limit_s": -1.0})
    Reconciler(over, jobs, blobs, Dispatcher(settings)).tidy()
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_a_worker_that_stops_hands_back_what_it_has(jobs: JobStore, supervisor: Supervisor) -> None:
    """Without a delivery being counted; what it has ended stays ended."""
    _begin(jobs, "ended")
    jobs.finish("ended", 1, JobState.SUCCEEDED, artifacts=False)
    _begin(jobs)
    supervisor.hand_back_all()
    assert (_record(jobs).state, _record(jobs).deliveries) == (JobState.QUEUED, 0)
    assert _record(jobs, "ended").state is JobState.SUCCEEDED


def test_what_it_says_of_a_job_names_the_request(jobs: JobStore, supervisor: Supervisor) -> None:
    """Its process has worked for none, but whoever looks for the request wants to find this."""
    for job_id in ("a", "b"):
        jobs.create(job_id, JobInputs("request", ()), JobOrigin(request_id=f"request of {job_id}"))
        jobs.begin(job_id, "worker-1", LEASE_S)
    with capture_logs() as lines:
        supervisor.see_to("a", timed_out=False)
        supervisor.hand_back_all()
    assert [(line["event"], line["job_id"], line["request_id"]) for line in lines] == [
        ("process lost", "a", "request of a"),
        ("job handed back", "b", "request of b"),
    ]
