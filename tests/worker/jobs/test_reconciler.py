"""Records and queue made to agree again, with a real broker and real blobs."""

import os
from pathlib import Path
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from worker.celery_app import QUEUES
from worker.dispatch import Dispatcher
from worker.jobs.owned import OwnedJobs
from worker.jobs.reconciler import Reconciler
from worker.jobs.record import ANONYMOUS, FrameKeys, JobError, JobInputs, JobOrigin, JobQueue, JobState
from worker.jobs.store import JobStore
from worker.settings import Settings
from worker.storage import BlobStore, StorageUnavailable, artifact_key, input_key, open_storage

INPUTS = JobInputs("request", ())
LONG_S = 3600.0
AT_ONCE_S = -1.0


@pytest.fixture
def settings(broker_settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with blobs of their own."""
    url = broker_settings.resolved_broker_url
    settings = Settings(data_dir=tmp_path, broker_url=url, reconcile_interval_s=LONG_S)
    return settings.model_copy(update={"lease_s": AT_ONCE_S})


@pytest.fixture
def blobs(settings: Settings) -> BlobStore:
    """Return an empty storage."""
    return open_storage(settings)


@pytest.fixture
def dispatcher(settings: Settings) -> Dispatcher:
    """Return the way into the queues."""
    return Dispatcher(settings)


@pytest.fixture
def reconciler(settings: Settings, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher) -> Reconciler:
    """Return a reconciler whose passes the test calls."""
    return Reconciler(settings, jobs, blobs, dispatcher)


def _state(jobs: JobStore, job_id: str = "a") -> JobState:
    record = jobs.get(job_id)
    assert record is not None
    return record.state


def test_a_job_whose_lease_ran_out_is_queued_again(
    jobs: JobStore, reconciler: Reconciler, dispatcher: Dispatcher
) -> None:
    """Record and queue both have it; one whose attempt lives is left alone."""
    for job_id, lease_s in (("dead", 0), ("alive", LONG_S)):
        jobs.create(job_id, INPUTS, JobOrigin(request_id=f"request of {job_id}"))
        jobs.begin(job_id, "worker", lease_s)
    with capture_logs() as lines:
        reconciler.requeue_lost()
    assert [(line["job_id"], line["request_id"]) for line in lines] == [("dead", "request of dead")]
    assert (_state(jobs, "dead"), _state(jobs, "alive")) == (JobState.QUEUED, JobState.RUNNING)
    assert dispatcher.queued_jobs() == {"dead"}


def test_a_record_that_cannot_be_read_holds_up_no_other_job(
    jobs: JobStore, reconciler: Reconciler, dispatcher: Dispatcher, client: Any
) -> None:
    """One that another version wrote, say: the jobs behind it are queued again all the same, and it stays."""
    for job_id in ("strange", "lost"):
        jobs.create(job_id, INPUTS)
        jobs.begin(job_id, "worker", 0)
    client.hset("semalign:job:strange", "state", "unheard of")
    reconciler.requeue_lost()
    assert dispatcher.queued_jobs() == {"lost"}
    assert client.exists("semalign:job:strange")


def test_a_job_lost_too_often_is_given_up(jobs: JobStore, reconciler: Reconciler, dispatcher: Dispatcher) -> None:
    """After three deliveries it has failed, and is not queued."""
    jobs.create("a", INPUTS)
    for _ in range(3):
        jobs.begin("a", "worker", 0)
        reconciler.requeue_lost()
    record = jobs.get("a")
    assert record is not None
    assert record.error is not None
    assert (record.state, record.error.type) == (JobState.FAILED, "poison")
    assert jobs.begin("a", "worker", 0).verdict.value == "finished"


def test_a_cancelled_job_whose_attempt_died_leaves_no_byte(
    jobs: JobStore, blobs: BlobStore, reconciler: Reconciler, settings: Settings
) -> None:
    """Nobody else would take away what the attempt wrote after the cancelling."""
    jobs.create("a", INPUTS)
    jobs.begin("a", "worker", 0)
    jobs.cancel("a")
    blobs.put(artifact_key("a", 1, "result.json"), b"{}")
    reconciler.requeue_lost()
    assert jobs.get("a") is None
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_a_deleted_job_whose_blobs_stayed_leaves_no_byte(
    jobs: JobStore, blobs: BlobStore, reconciler: Reconciler, settings: Settings
) -> None:
    """The storage was away, or the API process died, in the midst of a DELETE."""
    jobs.create("a", INPUTS)
    blobs.put(input_key("a", "image-0"), b"image")
    jobs.cancel("a")
    reconciler.requeue_lost()
    assert jobs.get("a") is None
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_a_job_given_up_leaves_nothing_of_its_attempts(
    jobs: JobStore, blobs: BlobStore, reconciler: Reconciler, settings: Settings
) -> None:
    """Their hosts died; what they stored is nobody's result."""
    jobs.create("a", INPUTS)
    for _ in range(3):
        token = jobs.begin("a", "worker", 0).token
        blobs.put(artifact_key("a", token, "overlay-initial.png"), b"png")
        reconciler.requeue_lost()
    assert _state(jobs) is JobState.FAILED
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]


def test_what_a_lost_attempt_writes_late_goes_when_it_can_write_no_more(
    settings: Settings, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher
) -> None:
    """Not before its time limit is over, and then once: the result stays, and so does a job of one attempt."""
    jobs.create("a", INPUTS)
    jobs.begin("a", "worker-1", 0)
    jobs.lose("a", 1, 3)
    jobs.begin("a", "worker-2", LONG_S)
    jobs.finish("a", 2, JobState.SUCCEEDED, artifacts=True)
    _ended(jobs, blobs, "b")
    for attempt in (1, 2):
        blobs.put(artifact_key("a", attempt, "result.json"), b"{}")

    def tidy(hard_time_limit_s: float) -> set[str]:
        changed = settings.model_copy(update={"hard_time_limit_s": hard_time_limit_s})
        Reconciler(changed, jobs, blobs, dispatcher).tidy()
        return {"/".join(path.parts[-4:]) for path in settings.data_dir.rglob("result.json")}

    kept = {"a/attempts/2/result.json", "b/attempts/1/result.json"}
    assert tidy(LONG_S) == kept | {"a/attempts/1/result.json"}
    assert jobs.untidy_for(AT_ONCE_S) == ["a"]
    assert tidy(AT_ONCE_S) == kept
    assert jobs.untidy_for(AT_ONCE_S) == []


@pytest.mark.parametrize("queue", JobQueue)
def test_a_waiting_job_without_a_message_gets_one(
    jobs: JobStore,
    blobs: BlobStore,
    client: "redis.Redis",
    reconciler: Reconciler,
    dispatcher: Dispatcher,
    queue: JobQueue,
) -> None:
    """In the queue that is its own, and only one; a job that has one gets no other."""
    for job_id in ("lost", "there"):
        _stored(jobs, blobs, job_id, JobOrigin(queue=queue))
    dispatcher.publish("there", queue)
    for _ in range(2):
        reconciler.requeue_overlooked()
    assert dispatcher.queued_jobs() == {"lost", "there"}
    assert client.llen(QUEUES[queue]) == 2


def test_a_job_that_ends_while_it_is_tidied_is_tidied_once_more(
    jobs: JobStore, reconciler: Reconciler, client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its lost attempt may write counts from its end, and not from what it was left untidy for before."""
    jobs.create("a", INPUTS)
    for _ in range(2):
        jobs.begin("a", "worker", 0)
        jobs.lose("a", 1, 3)
    jobs.leave_untidy("a")
    client.zadd("semalign:untidy", {"a": 0})  # long ago
    get = JobStore.get

    def ends(store: JobStore, job_id: str) -> object:
        record = get(store, job_id)
        store.finish(job_id, 2, JobState.SUCCEEDED, artifacts=False)
        return record

    monkeypatch.setattr(JobStore, "get", ends)
    reconciler.tidy()
    assert jobs.untidy_for(AT_ONCE_S) == ["a"]


def _stored(jobs: JobStore, blobs: BlobStore, job_id: str, origin: JobOrigin = ANONYMOUS) -> None:
    """Create a job with its inputs, as it is accepted."""
    request, image, cloud = (input_key(job_id, name) for name in ("request.json", "image-0", "point_cloud-0.bin"))
    for key in (request, image, cloud):
        blobs.put(key, b"input")
    jobs.create(job_id, JobInputs(request, (FrameKeys(image, cloud),)), origin)


def test_a_message_on_its_way_is_given_time(
    settings: Settings, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher
) -> None:
    """A job is not suspected before the time of a lease is over: not of a lost message, nor of having been refused."""
    _stored(jobs, blobs, "a")
    jobs.create("b", INPUTS)
    patient = settings.model_copy(update={"lease_s": LONG_S})
    Reconciler(patient, jobs, blobs, dispatcher).requeue_overlooked()
    assert dispatcher.queued_jobs() == set()
    assert jobs.get("b") is not None


@pytest.mark.parametrize("left", [[], ["request.json"], ["image-0", "point_cloud-0.bin"]])
def test_a_job_without_its_inputs_was_refused_and_goes(
    settings: Settings,
    jobs: JobStore,
    blobs: BlobStore,
    client: "redis.Redis",
    reconciler: Reconciler,
    dispatcher: Dispatcher,
    left: list[str],
) -> None:
    """Whoever took them back may have died in the midst of it; neither its list nor its quota has the job any more."""
    owned = OwnedJobs(client)
    owned.admit("ann", "a", 1)
    _stored(jobs, blobs, "a", JobOrigin(owner="ann"))
    for path in settings.data_dir.rglob("*-0*"), settings.data_dir.rglob("request.json"):
        for each in path:
            if each.name not in left:
                each.unlink()
    reconciler.requeue_overlooked()
    assert jobs.get("a") is None
    assert dispatcher.queued_jobs() == set()
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]
    client.zincrby("semalign:owner:ann:open", -61_000_000, "a")
    assert owned.admit("ann", "b", 1)


def test_a_job_that_an_attempt_had_is_not_taken_for_refused(
    jobs: JobStore, reconciler: Reconciler, dispatcher: Dispatcher
) -> None:
    """Its caller heard that it was accepted: where its inputs are lost after that, it has to hear of it."""
    jobs.create("a", INPUTS)
    jobs.hand_back("a", jobs.begin("a", "worker", LONG_S).token)
    reconciler.requeue_overlooked()
    assert dispatcher.queued_jobs() == {"a"}


def test_an_outage_of_the_storage_says_nothing_of_inputs(
    settings: Settings, jobs: JobStore, blobs: BlobStore, reconciler: Reconciler, dispatcher: Dispatcher
) -> None:
    """The job waits for the next pass, and then gets its message."""
    _stored(jobs, blobs, "a")
    folder, away = settings.data_dir / "blobs", settings.data_dir / "away"
    folder.rename(away)
    folder.write_text("in the way")
    with pytest.raises(StorageUnavailable):
        reconciler.requeue_overlooked()
    assert _state(jobs) is JobState.QUEUED
    folder.unlink()
    away.rename(folder)
    reconciler.requeue_overlooked()
    assert dispatcher.queued_jobs() == {"a"}


def _ended(jobs: JobStore, blobs: BlobStore, job_id: str) -> None:
    jobs.create(job_id, INPUTS)
    token = jobs.begin(job_id, "worker", LONG_S).token
    blobs.put(input_key(job_id, "image-0"), b"image")
    blobs.put(artifact_key(job_id, token, "result.json"), b"{}")
    jobs.finish(job_id, token, JobState.FAILED, artifacts=True, error=JobError("x", "y"))


@pytest.mark.parametrize(
    ("keep_inputs_s", "keep_results_s", "left"),
    [(LONG_S, LONG_S, ["image-0", "result.json"]), (AT_ONCE_S, LONG_S, ["result.json"]), (AT_ONCE_S, AT_ONCE_S, [])],
)
def test_inputs_and_results_go_when_their_time_is_over(
    settings: Settings,
    jobs: JobStore,
    blobs: BlobStore,
    dispatcher: Dispatcher,
    keep_inputs_s: float,
    keep_results_s: float,
    left: list[str],
) -> None:
    """The record goes with the last of its blobs; a job that has not ended keeps everything."""
    _ended(jobs, blobs, "a")
    jobs.create("waiting", INPUTS)
    changes = {"keep_inputs_s": keep_inputs_s, "keep_results_s": keep_results_s}
    Reconciler(settings.model_copy(update=changes), jobs, blobs, dispatcher).expire()
    assert sorted(path.name for path in settings.data_dir.rglob("*") if path.is_file()) == left
    assert (jobs.get("a") is None) == (not left)
    assert jobs.get("waiting") is not None


def test_blobs_that_no_record_knows_are_swept_once_they_are_old(
    jobs: JobStore, blobs: BlobStore, reconciler: Reconciler, settings: Settings
) -> None:
    """What an upload that broke off left goes; what is young, or a job's, stays."""
    for job_id in ("orphan", "young", "kept"):
        blobs.put(input_key(job_id, "image-0"), b"image")
    jobs.create("kept", INPUTS)
    for path in settings.data_dir.rglob("image-0"):
        if "young" not in path.parts:
            os.utime(path, (0, 0))
    reconciler.sweep()
    assert sorted(path.parts[-3] for path in settings.data_dir.rglob("image-0")) == ["kept", "young"]


def test_one_pass_counts_for_all_workers(jobs: JobStore, reconciler: Reconciler) -> None:
    """The second of two in a row does nothing."""
    reconciler.run_once()
    jobs.create("a", INPUTS)
    jobs.begin("a", "worker", 0)
    reconciler.run_once()
    assert _state(jobs) is JobState.RUNNING
