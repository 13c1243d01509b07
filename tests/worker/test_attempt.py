"""One attempt at a job, in this process, with a real broker and real storage."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from worker.attempt import Workbench, run_attempt
from worker.dispatch import Dispatcher
from worker.jobs.reconciler import Reconciler
from worker.jobs.record import FrameKeys, JobInputs, JobOrigin, JobRecord, JobState
from worker.jobs.store import JobStore, connect
from worker.settings import Settings
from worker.storage import RESULT, BlobStore, StorageUnavailable, artifact_key, input_key, overlay_name

REQUEST = {
    "camera": {"K": [[100, 0, 32], [0, 100, 16], [0, 0, 1]]},
    "initial": {"T_cam_lidar": [[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]},
    "image_model": "any",
    "cloud_model": "any",
    "options": {"num_iterations": 1},
}


@pytest.fixture
def bench(
    jobs: JobStore,
    broker_settings: Settings,
    stand_in_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Workbench:
    """Return a workbench with the stand-in pipeline."""
    monkeypatch.syspath_prepend(stand_in_folder)
    url = broker_settings.resolved_broker_url
    return Workbench.open(
        Settings(
            data_dir=tmp_path,
            broker_url=url,
            pipeline="stand_in_pipeline",
            broker_patience_s=0,
            cancel_grace_s=600,  # the process that would be killed after it is the test's own
        )
    )


def _submit(bench: Workbench, **changes: object) -> None:
    image = io.BytesIO()
    Image.new("RGB", (64, 32)).save(image, "PNG")
    cloud = np.ones((10, 4), "<f4")
    blobs = {
        "request.json": json.dumps({**REQUEST, **changes}).encode(),
        "image-0": image.getvalue(),
        "point_cloud-0.bin": cloud.tobytes(),
    }
    for name, data in blobs.items():
        bench.blobs.put(input_key("a", name), data)
    request, image_key, cloud_key = (input_key("a", name) for name in blobs)
    bench.jobs.create("a", JobInputs(request, (FrameKeys(image_key, cloud_key),)), JobOrigin(request_id="the-request"))


def _record(bench: Workbench) -> JobRecord:
    record = bench.jobs.get("a")
    assert record is not None
    return record


def _files(bench: Workbench) -> set[str]:
    return {path.name for path in bench.settings.data_dir.rglob("*") if path.is_file()}


def _attempts_with_files(bench: Workbench) -> set[str]:
    folder = bench.settings.data_dir / "blobs/jobs/a/attempts"
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}


def test_a_job_ends_with_its_result_and_overlays_stored(bench: Workbench) -> None:
    """What the pipeline returned is found under the attempt's token."""
    _submit(bench)
    run_attempt(bench, "a", "worker-1")
    record = _record(bench)
    assert (record.state, record.artifacts) == (JobState.SUCCEEDED, 1)
    result = json.loads(bench.blobs.get(artifact_key("a", 1, RESULT)))
    assert result["frames"] == [{"shape": [32, 64, 3], "points": 10}]
    assert bench.blobs.get(artifact_key("a", 1, overlay_name("initial"))).startswith(b"\x89PNG")


def test_a_second_delivery_of_a_finished_job_changes_nothing(bench: Workbench) -> None:
    """The end of a job is its end, and its files stay."""
    _submit(bench)
    run_attempt(bench, "a", "worker-1")
    before, files = _record(bench), _files(bench)
    run_attempt(bench, "a", "worker-2")
    assert _record(bench) == before
    assert _files(bench) == files


def test_no_estimate_is_a_failure_that_carries_its_result(bench: Workbench) -> None:
    """The outcome becomes the type of the error, the message its sentence."""
    _submit(bench, seed=2)
    run_attempt(bench, "a", "worker-1")
    record = _record(bench)
    assert (record.state, record.artifacts) == (JobState.FAILED, 1)
    assert record.error is not None
    assert (record.error.type, record.error.detail) == ("no-point-in-view", "As it was told.")


def test_what_we_did_not_expect_is_told_in_general_words(bench: Workbench) -> None:
    """The caller learns that it was our fault, not how we work."""
    _submit(bench, seed=1)
    run_attempt(bench, "a", "worker-1")
    error = _record(bench).error
    assert error is not None
    assert error.type == "internal-error"
    assert "secret" not in error.detail


def test_a_job_cancelled_in_between_leaves_no_byte(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt that notices takes away record and blobs."""
    _submit(bench)
    run = bench.pipeline.run

    def cancelled_while_running(*arguments: object) -> object:
        bench.jobs.cancel("a")
        return run(*arguments)

    monkeypatch.setattr(bench.pipeline, "run", cancelled_while_running)
    run_attempt(bench, "a", "worker-1")
    assert bench.jobs.get("a") is None
    assert _files(bench) == set()


def test_an_attempt_overtaken_before_its_end_leaves_the_later_ones_result(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old attempt wakes up with a result in its hands: its files go, the record stays the other's."""
    _submit(bench)
    run = bench.pipeline.run

    def overtaken(*arguments: object) -> object:
        output = run(*arguments)
        monkeypatch.setattr(bench.pipeline, "run", run)
        bench.jobs.lose("a", 1, 3)
        run_attempt(bench, "a", "worker-2")
        return dataclasses.replace(output, result={**output.result, "message": "from the grave"})

    monkeypatch.setattr(bench.pipeline, "run", overtaken)
    run_attempt(bench, "a", "worker-1")
    record = _record(bench)
    assert (record.state, record.artifacts, record.worker) == (JobState.SUCCEEDED, 2, "worker-2")
    assert b"from the grave" not in bench.blobs.get(artifact_key("a", 2, RESULT))
    assert _attempts_with_files(bench) == {"2"}


@pytest.mark.parametrize(("owner", "step"), [(JobStore, "get"), (JobStore, "finish"), (BlobStore, "delete_attempt")])
@pytest.mark.parametrize("comes_first", [True, False], ids=["before", "after"])
def test_a_time_limit_that_breaks_into_the_last_steps_leaves_nothing_undone(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, comes_first: bool
) -> None:
    """The overtaken attempt is stopped while it ends, once, just before or just after one of its steps."""
    _submit(bench)
    run, method = bench.pipeline.run, getattr(owner, step)

    def stopped_once(*arguments: object, **named: object) -> object:
        monkeypatch.setattr(owner, step, method)
        if not comes_first:
            method(*arguments, **named)
        raise SoftTimeLimitExceeded

    def overtaken(*arguments: object) -> object:
        output = run(*arguments)
        monkeypatch.setattr(bench.pipeline, "run", run)
        bench.jobs.lose("a", 1, 3)
        run_attempt(bench, "a", "worker-2")
        monkeypatch.setattr(owner, step, stopped_once)
        return output

    monkeypatch.setattr(bench.pipeline, "run", overtaken)
    run_attempt(bench, "a", "worker-1")
    assert getattr(owner, step) is method
    record = _record(bench)
    assert (record.state, record.artifacts) == (JobState.SUCCEEDED, 2)
    assert _attempts_with_files(bench) == {"2"}


def test_what_an_outage_keeps_of_a_job_that_is_gone_goes_after_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt was taken for dead, its job deleted; it wakes up, writes, and cannot take it back."""
    _submit(bench)
    run, delete_job = bench.pipeline.run, BlobStore.delete_job

    def deleted_while_running(*arguments: object) -> object:
        output = run(*arguments)
        bench.blobs.delete_job("a")
        bench.jobs.remove("a")
        monkeypatch.setattr(BlobStore, "delete_job", refuses)
        return output

    def refuses(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(bench.pipeline, "run", deleted_while_running)
    with pytest.raises(StorageUnavailable):
        run_attempt(bench, "a", "worker-1")
    assert _files(bench)
    monkeypatch.setattr(BlobStore, "delete_job", delete_job)
    over = bench.settings.model_copy(update={"hard_time_limit_s": -1.0})
    Reconciler(over, bench.jobs, bench.blobs, Dispatcher(over)).tidy()
    assert _files(bench) == set()


def test_missing_inputs_are_named(bench: Workbench) -> None:
    """A caller can do something about it: send them again."""
    _submit(bench)
    bench.blobs.delete_job("a")
    run_attempt(bench, "a", "worker-1")
    error = _record(bench).error
    assert error is not None
    assert error.type == "inputs-missing"


def test_a_broker_that_is_away_leaves_the_job_to_another_delivery(bench: Workbench) -> None:
    """The attempt ends with the outage, not with a verdict on the job."""
    nowhere = JobStore(connect("unix:///nowhere/broker.sock", timeout_s=1))
    _submit(bench)
    with pytest.raises(RedisError):
        run_attempt(dataclasses.replace(bench, jobs=nowhere), "a", "worker-1")
    assert _record(bench).state is JobState.QUEUED


def test_a_storage_that_is_away_lets_the_job_wait(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of the job: the delivery does not count."""

    def refuses(*_: object) -> None:
        raise StorageUnavailable("away")

    _submit(bench)
    monkeypatch.setattr(BlobStore, "put", refuses)
    with pytest.raises(StorageUnavailable):
        run_attempt(bench, "a", "worker-1")
    record = _record(bench)
    assert (record.state, record.deliveries) == (JobState.QUEUED, 0)


def test_every_line_about_an_attempt_names_job_and_request(bench: Workbench) -> None:
    """From its delivery on, also those of the thread that renews its lease."""
    _submit(bench, options={"num_iterations": 50})
    nowhere = JobStore(connect("unix:///nowhere/broker.sock", timeout_s=1))
    settings = bench.settings.model_copy(update={"lease_s": 0.5})
    with capture_logs(processors=[merge_contextvars]) as lines, bound_contextvars(job_id="a", request_id=None):
        run_attempt(dataclasses.replace(bench, settings=settings, impatient_jobs=nowhere), "a", "worker-1")
    assert {line["event"] for line in lines} >= {"job delivered", "lease not renewed", "job ended"}
    assert {(line["job_id"], line["request_id"]) for line in lines} == {("a", "the-request")}
