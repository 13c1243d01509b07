"""The Python client against the real service with the stand-in pipeline, and against servers that misbehave."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import anyio
import httpx
import numpy as np
import pytest

from service.client import (
    AsyncClient,
    Client,
    Frame,
    InvalidJobIdError,
    JobFailedError,
    NotFoundError,
    NotReadyError,
    RefusedError,
    UnauthorizedError,
    UnreachableError,
    WaitTimeoutError,
)

K = np.array([[100.0, 0, 32], [0, 100, 16], [0, 0, 1]])
T_CAM_LIDAR = np.array([[0.0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]])


def request(seconds: float = 0.05, ending: int = 0) -> dict[str, Any]:
    """Return a request with numpy's arrays in it, which the stand-in works on for `seconds`."""
    return {
        "camera": {"K": K},
        "initial": {"T_cam_lidar": T_CAM_LIDAR},
        "image_model": "any",
        "cloud_model": "any",
        "seed": ending,
        "options": {"num_iterations": max(1, round(seconds * 100))},
    }


@pytest.fixture
def frame(tmp_path: Path, make_job: Callable[..., Any]) -> Frame:
    """Return a frame as files."""
    upload = make_job()
    image, cloud = tmp_path / "image.png", tmp_path / "cloud.bin"
    image.write_bytes(upload.images[0][1])
    cloud.write_bytes(upload.clouds[0][1])
    return Frame(image, cloud)


@pytest.fixture
def client(stack: Any) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{stack.port}") as client:
        yield client


def test_calibrate_blocks_and_tells_how_far_it_is(client: Client, frame: Frame) -> None:
    """The result is typed; progress comes over events while the job runs."""
    reports: list[Any] = []
    asked: list[str] = []
    client._transport.http.event_hooks = {"request": [lambda each: asked.append(each.url.path)]}
    job = client.calibrate(frame, request(seconds=1), on_progress=reports.append)
    assert asked == ["/calibrate", f"/jobs/{job.id}/events", f"/jobs/{job.id}"]
    assert job.result.verdict == "high"
    np.testing.assert_allclose(job.result.T_cam_lidar, T_CAM_LIDAR)
    assert {report.stage for report in reports} >= {"refinement"}


def test_submit_does_not_block(client: Client, frame: Frame) -> None:
    """The job is known at once; what it leaves is fetched when it has ended, and gone after it was deleted."""
    job = client.submit([frame, frame], request(seconds=0.3))
    assert client.status(job.id).state in ("queued", "running")
    status = client.wait(job.id)
    assert [each["points"] for each in status.result.model_extra["frames"]] == [10, 10]
    assert client.overlay(job.id).startswith(b"\x89PNG")
    assert client.overlay(job.id, "initial") != client.overlay(job.id)
    exported = client.export(job.id, "ros")
    assert exported.name == "calibration-ros.yaml"
    assert b"child_frame_id" in exported.content
    assert job.id in [each.id for each in client.jobs(page_size=1)]
    client.cancel(job.id)
    with pytest.raises(NotFoundError) as gone:
        client.status(job.id)
    assert gone.value.type == "unknown-job"


def test_a_failed_job_is_an_exception(client: Client, frame: Frame) -> None:
    """It carries the job, with the result where there is one."""
    with pytest.raises(JobFailedError, match="As it was told") as failure:
        client.calibrate(frame, request(ending=2))
    assert failure.value.status.result.verdict == "rejected"


def test_refusals_carry_the_problem(client: Client, frame: Frame) -> None:
    """Type, sentence, and the part and frame at fault."""
    Path(frame.point_cloud).write_bytes(b"123")
    with pytest.raises(RefusedError, match="point") as refusal:
        client.submit(frame, request())
    assert refusal.value.type == "invalid-point-cloud"
    assert (refusal.value.status, refusal.value.document["part"], refusal.value.document["frame"]) == (
        422,
        "point_cloud",
        0,
    )


def test_waiting_can_be_bounded(client: Client, frame: Frame) -> None:
    """The job goes on, and can be waited for again."""
    job = client.submit(frame, request(seconds=3))
    with pytest.raises(WaitTimeoutError) as late:
        client.wait(job.id, timeout_s=0.2)
    assert late.value.status.id == job.id
    with pytest.raises(NotReadyError):
        client.export(job.id)
    assert client.wait(job.id, timeout_s=60).state == "succeeded"


def test_no_job_of_this_id(client: Client) -> None:
    """Neither one that is gone, nor what is no id at all."""
    with pytest.raises(NotFoundError):
        client.wait("0" * 32)
    with pytest.raises(InvalidJobIdError, match="no id of a job"):
        client.status("../metrics")


def test_ctrl_c_cancels_what_calibrate_waits_for(client: Client, frame: Frame, stack: Any) -> None:
    """No worker goes on with what nobody waits for."""

    def interrupt(_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = stack.blobs()
    with pytest.raises(KeyboardInterrupt):
        client.calibrate(frame, request(seconds=3), on_progress=interrupt)
    stack.wait_for(lambda: stack.blobs() == before)


def test_the_async_client_does_the_same(frame: Frame, stack: Any) -> None:
    """Several jobs at once from one loop, with progress, files and errors as the blocking client has them."""

    async def go() -> None:
        async with AsyncClient(f"http://127.0.0.1:{stack.port}") as client:
            reports: list[Any] = []
            found: list[Any] = []

            async def one() -> None:
                found.append(await client.calibrate(frame, request(seconds=0.3), on_progress=reports.append))

            async with anyio.create_task_group() as group:
                for _ in range(3):
                    group.start_soon(one)
            assert len({job.id for job in found}) == 3
            assert {report.id for report in reports} == {job.id for job in found}
            listed = [job.id async for job in client.jobs(page_size=2)]
            assert {job.id for job in found} <= set(listed)
            assert (await client.export(found[0].id, "kitti")).name == "calibration-kitti.txt"
            with pytest.raises(JobFailedError):
                await client.calibrate(frame, request(ending=2))
            with anyio.move_on_after(1):
                await client.calibrate(frame, request(seconds=3.5))
            states = [job.state async for job in client.jobs()]
            assert states[0] != "succeeded"

    anyio.run(go)


def test_nobody_there() -> None:
    """The sentence names the address; one that cannot become right is not tried twice."""
    with (
        Client("http://127.0.0.1:1", patience_s=0.2) as client,
        pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"),
    ):
        client.status("0" * 32)
    with Client("gopher://x", patience_s=600) as client, pytest.raises(UnreachableError, match="gopher"):
        client.status("0" * 32)


def test_keys_are_sent(make_api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the argument or the environment; without one the server's refusal is an exception of its own."""
    api = make_api("fleet")
    server = str(api.http.base_url)
    with Client(server) as client, pytest.raises(UnauthorizedError):
        list(client.jobs())
    with Client(server, api_key=api.keys["fleet"].text) as client:
        assert list(client.jobs()) == []
    monkeypatch.setenv("SEMALIGN_API_KEY", api.keys["fleet"].text)
    monkeypatch.setenv("SEMALIGN_SERVER", server)
    with Client() as client:
        assert list(client.jobs()) == []


class Unsteady(BaseHTTPRequestHandler):
    """A way to the server that loses the answer of every job's first upload, and lets no events through."""

    target = ""
    posts: ClassVar[list[tuple[str | None, int]]] = []

    def do_POST(self) -> None:
        """Pass an upload on, and lose the answer to the first."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        answer = httpx.post(self.target + self.path, content=body, headers=self._forwarded())
        self.posts.append((key, len(body)))
        if len(self.posts) == 1:
            self.close_connection = True  # the job is there, and nobody hears of it
            return
        self._pass_on(answer)

    def do_GET(self) -> None:
        """Pass everything on but events."""
        if self.path.endswith("/events"):
            self.send_response(502)
            self.end_headers()
            return
        self._pass_on(httpx.get(self.target + self.path, headers=self._forwarded(), timeout=30))

    def _forwarded(self) -> dict[str, str]:
        kept = ("content-type", "idempotency-key", "prefer")
        return {name: value for name, value in self.headers.items() if name.lower() in kept}

    def _pass_on(self, answer: Any) -> None:
        self.send_response(answer.status_code)
        for name in ("content-type", "retry-after", "location"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def unsteady_way(target: str) -> Iterator[tuple[str, list[tuple[str | None, int]]]]:
    handler = type("Handler", (Unsteady,), {"target": target, "posts": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.posts
    server.shutdown()
    server.server_close()


def test_a_lost_answer_makes_no_second_job(frame: Frame, stack: Any) -> None:
    """The whole upload goes out again under the same key; without events the client asks again and again."""
    with Client(f"http://127.0.0.1:{stack.port}") as direct:
        before = {job.id for job in direct.jobs()}
        with unsteady_way(f"http://127.0.0.1:{stack.port}") as (server, posts), Client(server) as client:
            reports: list[Any] = []
            job = client.calibrate(frame, request(seconds=3), on_progress=reports.append)
        made = {each.id for each in direct.jobs()} - before
    assert made == {job.id}
    assert len(posts) == 2
    assert posts[0] == posts[1]
    assert posts[0][0]
    assert any(report.state == "running" for report in reports)


def test_the_client_is_light() -> None:
    """It loads neither torch nor the server."""
    code = "import sys, json, service.client; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"torch", "scipy", "fastapi", "starlette", "celery", "redis", "cv2", "service.app", "numba"}
