"""Several machines: two APIs and two workers share a guarded broker and an object store, and no disk."""

import asyncio
import contextlib
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from ports import free_port

from worker import child_process
from worker.broker import answers, find_server
from worker.dispatch import Dispatcher
from worker.settings import Settings

PASSWORD = "the-password-of-the-broker"
USERS = f"user default off\nuser semalign on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info\n"
PATIENCE_S = 90.0


def wait_until(condition: Callable[[], Any], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


class TlsFront:
    """What stands before a broker that speaks no TLS itself: it takes TLS and passes on what was in it."""

    def __init__(self, port: int, behind: int, certificate: trustme.LeafCert) -> None:
        self._port, self._behind = port, behind
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop taking connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = asyncio.start_server(self._connect, "127.0.0.1", self._port, ssl=self._context)
        server = self._loop.run_until_complete(start)
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._behind)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


class Fleet:
    """The processes, each with a data folder of its own, as if it had a machine of its own."""

    def __init__(self, folder: Path, broker_url: str, s3: Any, stand_in_folder: Path) -> None:
        self.folder, self.broker_url = folder, broker_url
        self.api_ports = [free_port(), free_port()]
        self.metrics_ports = [free_port(), free_port()]
        self._common = {
            **s3.environment,
            "SEMALIGN_BROKER_URL": broker_url,
            "SEMALIGN_STORAGE_URL": "s3://bucket/fleet",
            # Where many tests share few cores, an answer may take longer than callers would wait.
            "SEMALIGN_STORAGE_ANSWER_S": "20",
            "SEMALIGN_BROKER_TIMEOUT_S": "20",
            "SEMALIGN_PIPELINE": "stand_in_pipeline",
            "SEMALIGN_LOG_FORMAT": "json",
            "SEMALIGN_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(stand_in_folder)]),
            "REMAP_SIGTERM": "SIGQUIT",
        }

    def start(self, stack: contextlib.ExitStack) -> None:
        """Start everything and wait until both APIs are ready and both workers take jobs."""
        for index, port in enumerate(self.api_ports):
            self._start(stack, f"api-{index}", ["-m", "service.cli.serve", "--port", str(port)], {})
        for index, port in enumerate(self.metrics_ports):
            options = ["--hostname", f"worker-{index}@fleet", "--without-mingle", "--without-gossip"]
            command = ["-m", "celery", "--quiet", "--app", "worker.tasks", "worker", *options]
            self._start(stack, f"worker-{index}", command, {"SEMALIGN_METRICS_PORT": str(port)})
        dispatcher = Dispatcher(Settings(broker_url=self.broker_url))
        stack.callback(dispatcher.close)
        wait_until(lambda: all(map(self._is_ready, self.api_ports)), self.logs)
        wait_until(lambda: len(dispatcher.workers(0.5)) == 2, self.logs)

    def api(self, index: int) -> httpx.Client:
        """Return a client of one of the APIs."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.api_ports[index]}", timeout=30)

    def metrics(self) -> str:
        """Return what all the workers count."""
        return "\n".join(httpx.get(f"http://127.0.0.1:{port}/metrics").text for port in self.metrics_ports)

    def succeeded(self) -> list[float]:
        """Return how many jobs each of the workers ended well that ended any."""
        mark = 'semalign_jobs_ended_total{error="",state="succeeded"}'
        return [float(line.split()[-1]) for line in self.metrics().splitlines() if line.startswith(mark)]

    def logs(self, name: str = "*") -> str:
        """Return what the processes said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob(f"{name}.log")))

    def _start(self, stack: contextlib.ExitStack, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        variables = {**self._common, **environment, "SEMALIGN_DATA_DIR": str(self.folder / name)}
        process = child_process.start(
            [sys.executable, *arguments], environment=variables, log=self.folder / f"{name}.log"
        )
        stack.callback(process.stop, 20.0)

    @staticmethod
    def _is_ready(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def broker_url(tmp_path: Path) -> Iterator[str]:
    """Run a broker that asks for a password, behind TLS with a certificate of an authority of its own."""
    (tmp_path / "users.acl").write_text(USERS)
    port, tls_port = free_port(), free_port()
    command = [find_server(), "--port", str(port), "--bind", "127.0.0.1", "--aclfile", str(tmp_path / "users.acl")]
    server = child_process.start([*command, "--dir", str(tmp_path)], log=tmp_path / "valkey.log")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    front = TlsFront(tls_port, port, authority.issue_cert("127.0.0.1"))
    url = f"rediss://semalign:{PASSWORD}@127.0.0.1:{tls_port}/0?ssl_ca_certs={tmp_path / 'authority.pem'}"
    wait_until(lambda: answers(url), (tmp_path / "valkey.log").read_text)
    yield url
    front.stop()
    server.stop(10)


@pytest.fixture
def fleet(tmp_path: Path, broker_url: str, s3: Any, stand_in_folder: Path) -> Iterator[Fleet]:
    """Run the whole fleet."""
    fleet = Fleet(tmp_path, broker_url, s3, stand_in_folder)
    with contextlib.ExitStack() as stack:
        fleet.start(stack)
        yield fleet


@pytest.mark.slow
def test_any_api_answers_for_any_worker(fleet: Fleet, s3: Any, make_job: Any) -> None:
    """Jobs go in at one API and are read at the other; both workers work; nothing lies on a disk of its own."""
    with fleet.api(0) as front, fleet.api(1) as other:
        accepted = [front.post("/calibrate", files=make_job(seconds=0.7).parts) for _ in range(6)]
        assert [each.status_code for each in accepted] == [202] * 6, accepted[0].text
        jobs = [each.headers["Location"] for each in accepted]
        wait_until(lambda: all(other.get(job).json()["state"] == "succeeded" for job in jobs), fleet.logs)
        assert other.get(f"{jobs[0]}/overlay.png").headers["content-type"] == "image/png"

        assert 'semalign_queue_depth{queue="interactive"} 0.0' in other.get("/metrics").text
        # A worker counts a job after it ended it.
        wait_until(lambda: sum(fleet.succeeded()) == 6, fleet.metrics)
        assert len(fleet.succeeded()) == 2, "a worker had nothing to do"

        _check_logs(fleet, accepted[0])
        assert {front.delete(job).status_code for job in jobs} == {204}
    assert [path for path in s3.folder.rglob("*") if path.is_file()] == []
    assert not [path for name in ("api-*", "worker-*") for path in fleet.folder.glob(f"{name}/blobs/**/*")]


def _check_logs(fleet: Fleet, accepted: httpx.Response) -> None:
    """Job and request are named on both sides; the password of the broker is nowhere."""
    job, request = accepted.json()["id"], accepted.headers["X-Request-ID"]
    for process, event in (("api-*", "job accepted"), ("worker-*", "job ended")):
        entries = [json.loads(line) for line in fleet.logs(process).splitlines() if line.startswith("{")]
        (entry,) = [each for each in entries if each.get("job_id") == job and each["event"] == event]
        assert entry["request_id"] == request
    assert PASSWORD not in fleet.logs("api-*") + fleet.logs("worker-*")


def test_a_broker_that_cannot_show_its_certificate_is_not_trusted(broker_url: str) -> None:
    """Neither records nor messages go to whoever took the broker's place, for Celery does not look by itself."""
    unchecked = broker_url.partition("?")[0]
    assert not answers(unchecked)
    with pytest.raises(Exception, match="does not take"):
        Dispatcher(Settings(broker_url=unchecked)).publish("a")
