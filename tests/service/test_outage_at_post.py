"""Broker, storage or API that die in the midst of a POST: what was refused is gone, what was accepted is there once."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cut_line import Cut, CutLine
from ports import free_port

from worker import child_process
from worker.celery_app import QUEUES
from worker.dispatch import Dispatcher
from worker.jobs.reconciler import Reconciler
from worker.settings import Settings
from worker.storage import open_storage

# What only the writing of a record holds, and only the sending of a message.
RECORD, MESSAGE = b'"frames": [', b"LPUSH"
KEY = {"Idempotency-Key": "once"}


@pytest.fixture
def line(broker_settings: Settings, client: Any) -> Iterator[CutLine]:
    """Return a line to an empty broker."""
    line = CutLine(broker_settings.resolved_broker_url)
    yield line
    line.close()


@pytest.fixture
def api(make_api: Any, make_job: Any, line: CutLine, client: Any) -> Any:
    """Return an API at that line, over a broker that knows its scripts."""
    api = make_api(broker_url=f"redis://127.0.0.1:{line.port}/0")
    assert api.http.delete(f"/jobs/{api.accepted(make_job())}").status_code == 204
    client.delete(*QUEUES.values())
    return api


def _refused(api: Any, upload: Any) -> None:
    response = api.post(upload, headers=KEY)
    assert (response.status_code, response.json()["type"]) == (503, "broker-unavailable")
    assert api.stored() == []


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def _records(client: Any) -> list[str]:
    return [name.rpartition(":")[2] for name in client.keys("semalign:job:*")]


def _reconciled(api: Any, broker_settings: Settings) -> set[str]:
    """Let a worker look after all jobs, as if they had waited for long; return those that have a message then."""
    changes = {"broker_url": broker_settings.resolved_broker_url, "lease_s": -1.0}
    settings = api.settings.model_copy(update=changes)
    dispatcher = Dispatcher(settings)
    Reconciler(settings, api.jobs, open_storage(settings), dispatcher).requeue_overlooked()
    queued = dispatcher.queued_jobs()
    dispatcher.close()
    return queued


@pytest.mark.parametrize("is_heard", [True, False], ids=["answer", "question"])
def test_a_broker_that_dies_over_a_record_leaves_nothing_once_it_is_back(
    api: Any, line: CutLine, make_job: Any, client: Any, eventually: Any, is_heard: bool
) -> None:
    """503, whether the record was written or not; it goes as soon as the broker can be asked, and is in no list."""
    line.cut_at(Cut(RECORD, is_heard))
    _refused(api, make_job())
    assert len(_records(client)) == is_heard
    line.mend()
    eventually(lambda: not _records(client))
    eventually(lambda: not client.keys("semalign:owner:*"))
    assert api.http.get("/jobs").json()["jobs"] == []


def test_a_refused_job_whose_api_is_gone_is_withdrawn_by_the_workers(
    api: Any, line: CutLine, make_api: Any, make_job: Any, broker_settings: Settings
) -> None:
    """In place of being queued: it would fail for its inputs, and its caller never heard of it."""
    line.cut_at(Cut(RECORD))
    _refused(api, make_job())
    another = make_api()
    assert [job["state"] for job in another.http.get("/jobs").json()["jobs"]] == ["queued"]
    assert _reconciled(api, broker_settings) == set()
    assert another.http.get("/jobs").json()["jobs"] == []


def test_a_request_that_was_refused_over_its_record_is_taken_when_it_comes_again(
    api: Any, line: CutLine, make_api: Any, make_job: Any, client: Any
) -> None:
    """As a job of its own: what is left of the first one has no inputs, and goes."""
    line.cut_at(Cut(RECORD))
    _refused(api, make_job())
    (refused,) = _records(client)
    again = make_api().post(make_job(), headers=KEY)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (202, None)
    assert _records(client) == [again.json()["id"]] != [refused]
    assert len(api.stored()) == 3


def test_a_record_that_is_written_after_its_job_was_refused_leads_nobody_to_it(
    api: Any, line: CutLine, make_job: Any, client: Any, broker_settings: Settings
) -> None:
    """The broker stood still, and did what it was asked when nobody waited for it any more."""
    line.cut_at(Cut(RECORD, is_heard=False))
    _refused(api, make_job())
    line.mend()
    line.deliver_withheld()
    (late,) = _records(client)
    job_id = api.accepted(make_job(), headers=KEY)
    assert job_id != late
    assert _reconciled(api, broker_settings) == {job_id}
    assert _records(client) == [job_id]


@pytest.mark.parametrize("is_heard", [True, False], ids=["answer", "question"])
def test_a_job_is_accepted_once_its_record_is_written(
    api: Any, line: CutLine, make_job: Any, broker_settings: Settings, is_heard: bool
) -> None:
    """Although the broker dies before it has the message, or over it: the workers send another."""
    line.cut_at(Cut(MESSAGE, is_heard))
    job_id = api.accepted(make_job())
    line.mend()
    assert api.http.get(f"/jobs/{job_id}").json()["state"] == "queued"
    assert _reconciled(api, broker_settings) == {job_id}
    assert len(api.stored()) == 3


def test_who_waits_for_a_job_over_an_outage_hears_that_it_is_accepted(api: Any, line: CutLine, make_job: Any) -> None:
    """And not that nothing was: sent again without a key, the request would become a second job."""
    line.cut_at(Cut(b"HGETALL", is_heard=False))
    job_id = api.accepted(make_job(), headers={"Prefer": "wait=5"})
    line.mend()
    assert api.http.get(f"/jobs/{job_id}").json()["state"] == "queued"


@pytest.mark.parametrize("word", [RECORD, MESSAGE], ids=["after its record", "after its message"])
def test_a_request_whose_api_was_killed_becomes_one_job(
    api: Any,
    line: CutLine,
    make_api: Any,
    make_job: Any,
    client: Any,
    eventually: Any,
    word: bytes,
) -> None:
    """Sent again under its key it leads to the job that is there, at once and as long as any key does."""
    port = free_port()
    environment = {"SEMALIGN_BROKER_URL": f"redis://127.0.0.1:{line.port}/0", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["SEMALIGN_DATA_DIR"] = str(api.settings.data_dir)
    command = [sys.executable, "-m", "service.cli.serve", "--port", str(port)]
    process = child_process.start(command, environment=environment, log=Path(api.settings.data_dir) / "api.log")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        eventually(lambda: _is_ready(http), 60)
        line.cut_at(Cut(word, then=process.kill))
        with pytest.raises(httpx.TransportError):
            http.post("/calibrate", files=make_job().parts, headers=KEY)
    (made,) = _records(client)
    direct = make_api()
    again = [direct.post(make_job(), headers=KEY) for _ in range(2)]
    assert {answer.json()["id"] for answer in again} == {made}
    assert _records(client) == [made]
    assert len(api.stored()) == 3
    (key,) = client.keys("semalign:request:*")
    assert client.ttl(key) > direct.settings.idempotency_ttl_s - 100


def test_a_storage_that_dies_in_the_midst_of_an_upload_keeps_no_part_of_it(
    make_api: Any, make_job: Any, s3: Any, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """503; what it had taken by then is deleted when it is back."""
    for variable, value in s3.environment.items():
        monkeypatch.setenv(variable, value)
    line = CutLine(s3.environment["AWS_ENDPOINT_URL"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    api = make_api(storage_url="s3://bucket/api", storage_answer_s=20)
    line.cut_at(Cut(b"point_cloud-0", is_heard=False))
    response = api.post(make_job())
    assert (response.status_code, response.json()["type"]) == (503, "storage-unavailable")
    bucket = s3.folder / "bucket"
    assert {path.name for path in bucket.rglob("*") if path.is_file()} == {"request.json", "image-0"}
    line.mend()
    eventually(lambda: not [path for path in bucket.rglob("*") if path.is_file()])
    line.close()
