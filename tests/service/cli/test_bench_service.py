"""The parts of `semalign bench service`, each on a running service with a stand-in for the numerical pipeline."""

import asyncio
import json
import shutil
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from service.cli.main import app
from worker.bench.own_service import OwnService
from worker.bench.service.jobs import Jobs
from worker.bench.service.load import open_load, polling_rate
from worker.bench.service.memory import upload_memory
from worker.bench.service.workload import Body
from worker.jobs.store import connect


@pytest.fixture
def body(make_job: Any) -> Body:
    """Return a job of a tenth of a second, as it crosses the wire."""
    request = httpx.Request("POST", "http://127.0.0.1/", files=make_job(seconds=0.1).parts)
    return Body(request.read(), request.headers["content-type"])


@pytest.fixture
def service(stack: Any) -> OwnService:
    """Return the running service as a benchmark knows its own."""
    url = f"http://127.0.0.1:{stack.port}"
    return OwnService(stack.port, url, stack.api.pid, stack.settings.resolved_broker_url)


def test_an_open_load_makes_every_job(stack: Any, body: Body) -> None:
    """As many as were due, each answered and each with a job of its own, which ends."""
    uploads = asyncio.run(open_load(stack.port, body, rate=10, seconds=0.5))
    assert len({upload.location for upload in uploads}) == 5
    assert all(upload.seconds > 0 for upload in uploads)
    for upload in uploads:
        assert stack.wait_for_end(upload.location.rpartition("/")[2])["state"] == "succeeded"


def test_an_upload_that_is_refused_is_no_measurement(stack: Any) -> None:
    """The load says so in place of timing refusals."""
    with pytest.raises(RuntimeError, match="answered with 415"):
        asyncio.run(open_load(stack.port, Body(b"{}", "application/json"), rate=10, seconds=0.1))


def test_polls_are_counted_by_the_generator_at_hand(
    service: OwnService, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where wrk is not installed, the benchmark's own asks; an address that is not there is no measurement."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with Jobs(service, body) as jobs:
        location = jobs.post()
        rate, generator = polling_rate(service.port, location, seconds=0.3)
        assert rate > 0
        assert generator == "the benchmark's own generator"
        with pytest.raises(RuntimeError, match="answered with 404"):
            polling_rate(service.port, "/jobs/none", seconds=0.1)
        jobs.delete([location])


def test_large_uploads_are_all_in_flight_at_once(stack: Any, make_job: Any) -> None:
    """Every one is accepted in the end, and memory was looked at while they came."""
    job = make_job(seconds=0.01)
    job.clouds = [("cloud.bin", job.clouds[0][1] * 4000)]
    request = httpx.Request("POST", "http://127.0.0.1/", files=job.parts)
    large = Body(request.read(), request.headers["content-type"])
    memory = asyncio.run(upload_memory(stack.port, stack.api.pid, large, uploads=4))
    assert len(set(memory.locations)) == 4
    assert 0 < memory.in_flight_mib <= memory.peak_mib
    for location in memory.locations:
        stack.wait_for_end(location.rpartition("/")[2])


def test_large_uploads_that_are_refused_are_no_measurement(service: OwnService) -> None:
    """It is said in a sentence, as the command hands it on."""
    request = httpx.Request("POST", service.url, files={"nothing-known": bytes(4096)})
    unknown = Body(request.read(), request.headers["content-type"])
    with pytest.raises(RuntimeError, match="answered with 4"):
        asyncio.run(upload_memory(service.port, service.api_pid, unknown, uploads=2))


def test_jobs_are_timed_and_leave_nothing(service: OwnService, body: Body) -> None:
    """Alone and many at once, they are gone when they were measured, as are the connections."""
    broker = connect(service.broker_url, timeout_s=5)
    before = set(broker.keys("semalign:job:*"))
    with Jobs(service, body) as jobs:
        times = jobs.one_alone()
        assert times.to_start > 0
        assert times.attempt >= 0.1
        throughput = jobs.many(3)
        assert throughput.seconds >= 0.3
        assert throughput.broker_commands_per_job > 1
    assert set(broker.keys("semalign:job:*")) == before
    broker.close()
    with pytest.raises(RuntimeError, match="closed"):
        jobs.post()


def test_a_folder_that_cannot_be_written_is_said_before_any_work(tmp_path: Any) -> None:
    """Minutes of measuring do not end without a place for their results."""
    (tmp_path / "file").write_text(json.dumps({}))
    result = CliRunner().invoke(app, ["bench", "service", "--out", str(tmp_path / "file" / "results.json")])
    assert result.exit_code == 2
    assert "Nothing can be written to" in result.output
