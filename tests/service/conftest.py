"""The whole service as real processes: broker, API and worker, with a stand-in for the numerical pipeline."""

import contextlib
import copy
import io
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from ports import free_port
from scipy.spatial.transform import Rotation

from service.access import keys as kept_keys
from service.access.keys import new_key, write_keys
from service.app import create_app
from service.http_protocol import guarded_protocol
from worker import child_process
from worker.attempt import Workbench, run_attempt
from worker.broker import answers, start_broker
from worker.child_process import Child
from worker.dispatch import Dispatcher
from worker.jobs.record import JobState
from worker.jobs.store import JobStore, connect
from worker.jobs.transitions import Verdict
from worker.settings import Settings


class ApiKey(NamedTuple):
    """A key as its holder sends it, and what the server keeps of it."""

    text: str
    kept: kept_keys.ApiKey

    @property
    def header(self) -> dict[str, str]:
        """The header that carries it."""
        return {"Authorization": f"Bearer {self.text}"}


Parts = list[tuple[str, Any]]
SAMPLE = Path(__file__).parents[2] / "service" / "page" / "sample"

REQUEST: dict[str, Any] = {
    "camera": {"model": "pinhole", "K": [[100, 0, 32], [0, 100, 16], [0, 0, 1]], "distortion": []},
    "initial": {"T_cam_lidar": [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]]},
    "image_model": "any",
    "cloud_model": "any",
}


def wait_for(condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """Return what `condition` returns once it is true; fail after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


def png(width: int = 64, height: int = 32, mode: str = "RGB") -> bytes:
    """Return an image."""
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def kitti_bin(points: int = 10) -> bytes:
    """Return a cloud whose points are all in front of the LiDAR."""
    cloud = np.ones((points, 4), "<f4")
    cloud[:, 0] = np.linspace(5, 20, points)
    return cloud.tobytes()


@dataclass
class Upload:
    """The parts of a request that is accepted; tests change what they are about."""

    images: list[tuple[str, bytes]] = field(default_factory=lambda: [("image.png", png())])
    clouds: list[tuple[str, bytes]] = field(default_factory=lambda: [("cloud.bin", kitti_bin())])
    request: Any = field(default_factory=lambda: copy.deepcopy(REQUEST))
    more: Parts = field(default_factory=list)

    @property
    def parts(self) -> Parts:
        """Return the parts as httpx takes them."""
        text = self.request if isinstance(self.request, str) else json.dumps(self.request)
        return [
            *(("image", file) for file in self.images),
            *(("point_cloud", file) for file in self.clouds),
            ("request", (None, text, "application/json")),
            *self.more,
        ]


def _job(seconds: float = 0.05, ending: int = 0, **changes: Any) -> Upload:
    """Return an upload that the stand-in works on for `seconds`, and ends as `ending` says."""
    upload = Upload()
    upload.request |= {"seed": ending, "options": {"num_iterations": max(1, round(seconds * 100))}, **changes}
    return upload


class Stack:
    """Broker, API and workers of one test session, each of which can be killed and started again."""

    def __init__(self, settings: Settings, stand_in_folder: Path) -> None:
        self.settings = settings
        self.port = free_port()
        self._environment = {
            "SEMALIGN_BROKER_URL": settings.resolved_broker_url,
            "SEMALIGN_PIPELINE": "stand_in_pipeline",
            "SEMALIGN_LOG_FORMAT": "json",
            "SEMALIGN_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(stand_in_folder)]),
            "REMAP_SIGTERM": "SIGQUIT",
            **{
                f"SEMALIGN_{name.upper()}": str(value)
                for name, value in settings.model_dump(exclude_defaults=True).items()
            },
        }
        self.worker_log = settings.data_dir / "worker.log"
        self.broker = start_broker(settings)
        self.api = self._start_api()
        self.worker: Child | None = None
        self._workers_started = 0
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)

    def _start_api(self) -> Child:
        command = [sys.executable, "-m", "service.cli.serve", "--port", str(self.port)]
        return child_process.start(command, environment=self._environment, log=self.settings.data_dir / "api.log")

    def start_worker(self) -> Child:
        """Start a worker and wait until it takes jobs."""
        self._workers_started += 1
        name = f"worker-{self._workers_started}"
        options = ["--concurrency", "1", "--hostname", f"{name}@%h", "--without-mingle", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker", *options]
        self.worker = child_process.start(command, environment=self._environment, log=self.worker_log)
        dispatcher = Dispatcher(self.settings)
        wait_for(lambda: any(each.startswith(name) for each in dispatcher.workers(0.3)), 60)
        dispatcher.close()
        return self.worker

    def revive_worker(self) -> None:
        """Start a worker in place of one that died."""
        if self.worker is None or not self.worker.is_alive:
            self.start_worker()

    @staticmethod
    def wait_for(condition: Callable[[], Any], timeout_s: float = 120.0) -> Any:
        """Return what `condition` returns once it is true."""
        return wait_for(condition, timeout_s)

    def restart_broker(self) -> None:
        """Stop the broker in good order, and start it again with what it wrote."""
        self.broker.stop(10)
        self.broker = start_broker(self.settings)

    def stop(self) -> None:
        """Stop everything."""
        self.http.close()
        if self.worker is not None:
            self.worker.kill()
        self.api.stop(5)
        self.broker.stop(5)
        self.settings.embedded_socket.parent.rmdir()

    def submit(self, upload: Upload) -> str:
        """Post a job that must be accepted, and return its id."""
        response = self.http.post("/calibrate", files=upload.parts)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the status of a job that must be known."""
        response = self.http.get(f"/jobs/{job_id}")
        assert response.status_code == 200, response.text
        status: dict[str, Any] = response.json()
        return status

    def wait_until(self, job_id: str, *states: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """Return the status of a job once it is in one of these states."""

        def reached() -> dict[str, Any] | None:
            status = self.job(job_id)
            return status if status["state"] in states else None

        status: dict[str, Any] = wait_for(reached, timeout_s)
        return status

    def wait_until_in_pipeline(self, job_id: str) -> None:
        """Return once a job has read its inputs and made its first report, so that it hears of nothing by chance."""
        wait_for(lambda: self.job(job_id)["stage"])

    def wait_for_end(self, job_id: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """Return the status of a job once it has ended."""
        return self.wait_until(job_id, "succeeded", "failed", "cancelled", timeout_s=timeout_s)

    def records(self) -> JobStore:
        """Return the records of the jobs, past the API."""
        return JobStore(connect(self.settings.resolved_broker_url, timeout_s=5))

    def blobs(self, job_id: str = "") -> list[str]:
        """Return the names of all files in the storage, or of those of one job."""
        folder = self.settings.data_dir / "blobs" / "jobs" / job_id
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def events(self, job_id: str, event: str) -> list[dict[str, Any]]:
        """Return what the workers logged of a job."""
        events = []
        for line in self.worker_log.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if entry.get("job_id") == job_id and entry.get("event") == event:
                    events.append(entry)
        return events


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory, stand_in_folder: Path) -> Iterator[Stack]:
    """Run broker and API for the session."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("stack"),
        broker_url="",
        soft_time_limit_s=4,
        hard_time_limit_s=5,
        visibility_timeout_s=600,
        lease_s=5,
        reconcile_interval_s=1,
        cancel_grace_s=1,
        shutdown_grace_s=1,
        max_frames=3,
        max_upload_bytes=8 * 2**20,
    )
    stack = Stack(settings, stand_in_folder)
    try:
        wait_for(lambda: _ready(stack), 60)
        yield stack
    finally:
        stack.stop()


def _ready(stack: Stack) -> bool:
    try:
        return stack.http.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def stack(running_stack: Stack) -> Stack:
    """Return the running service with a live worker and nothing in it."""
    if not answers(running_stack.settings.resolved_broker_url):
        running_stack.broker = start_broker(running_stack.settings)
    running_stack.revive_worker()
    return running_stack


@pytest.fixture(scope="session")
def make_job() -> Callable[..., Upload]:
    """Return a maker of uploads: `seconds` of work, an `ending`, and changes of the request."""
    return _job


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Return what waits until a condition holds."""
    return wait_for


@pytest.fixture
def serve() -> Iterator[Callable[..., httpx.Client]]:
    """Return a function that serves an app of this process over HTTP until the test ends."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with contextlib.ExitStack() as stack:
        yield lambda app, header_timeout_s=10.0: stack.enter_context(_served(app, header_timeout_s))
    root.handlers, root.level = handlers, level


@contextlib.contextmanager
def _served(app: FastAPI, header_timeout_s: float) -> Iterator[httpx.Client]:
    port = free_port()
    protocol = guarded_protocol(header_timeout_s)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, http=protocol, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client
    server.should_exit = True
    thread.join()


@dataclass
class Api:
    """An API of this process over a real broker and without workers, and the callers that hold its keys."""

    http: httpx.Client
    settings: Settings
    keys: dict[str, ApiKey]
    jobs: JobStore

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return str(self.http.base_url.host), int(self.http.base_url.port or 0)

    def stored(self) -> list[Path]:
        """Return all files in its storage."""
        return [path for path in (self.settings.data_dir / "blobs").rglob("*") if path.is_file()]

    def post(self, upload: Upload, **options: Any) -> httpx.Response:
        """Post a job."""
        return self.http.post("/calibrate", files=upload.parts, **options)

    def accepted(self, upload: Upload, **options: Any) -> str:
        """Post a job that must be accepted, and return its id."""
        response = self.post(upload, **options)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def begin(self, job_id: str) -> int:
        """Let a job run, and return the token of the attempt."""
        attempt = self.jobs.begin(job_id, "w", 60)
        assert attempt.verdict is Verdict.OK
        return attempt.token

    def end(self, job_id: str) -> None:
        """Let a job run and succeed, without a result."""
        self.jobs.finish(job_id, self.begin(job_id), JobState.SUCCEEDED, artifacts=False)


@pytest.fixture
def make_api(
    tmp_path: Path, broker_settings: Settings, client: Any, serve: Callable[..., httpx.Client]
) -> Callable[..., Api]:
    """Return a maker of APIs over an empty broker: with other settings, and keys for named callers."""

    def make(*callers: str, header_timeout_s: float = 10.0, **settings: Any) -> Api:
        keys = {name: new_key(name) for name in callers}
        if keys:
            settings["keys_file"] = tmp_path / "keys.json"
            write_keys(settings["keys_file"], tuple(kept for _, kept in keys.values()))
        # Where many tests share few cores, an answer of the broker may take longer than callers would wait.
        patient = {"broker_url": broker_settings.resolved_broker_url, "broker_timeout_s": 20, **settings}
        chosen = Settings(data_dir=tmp_path, **patient)
        http = serve(create_app(chosen), header_timeout_s)
        return Api(http, chosen, {name: ApiKey(*pair) for name, pair in keys.items()}, JobStore(client))

    return make


@pytest.fixture(scope="session")
def sample_parts() -> Parts:
    """Return the parts of the sample's request, the JSON last."""
    names = {"image": "image.jpg", "point_cloud": "cloud.laz"}
    names |= {"image_labels": "image_labels.png", "point_labels": "point_labels.npy"}
    parts: list[tuple[str, Any]] = [(part, (name, (SAMPLE / name).read_bytes())) for part, name in names.items()]
    return [*parts, ("request", (None, (SAMPLE / "request.json").read_text()))]


@pytest.fixture
def evaluate_sample(make_api: Callable[..., Api], sample_parts: Parts) -> Callable[..., tuple[Api, str]]:
    """Return what has an extrinsic evaluated on the page's sample, as a worker does, and names the API and the job."""
    api = make_api()
    bench = Workbench.open(api.settings)

    def evaluate(turn_deg: float = 0.0, ahead_m: float = 0.0, **options: Any) -> tuple[Api, str]:
        given = np.array(json.loads((SAMPLE / "truth.json").read_text())["T_cam_lidar"])
        given[:3] = Rotation.from_euler("y", turn_deg, degrees=True).as_matrix() @ given[:3]
        given[2, 3] -= ahead_m
        *files, (_, (_, text)) = sample_parts
        request = json.loads(text) | {"initial": {"T_cam_lidar": given.tolist()}, "options": options}
        accepted = api.http.post("/rigs/van/frames", files=[*files, ("request", (None, json.dumps(request)))])
        assert accepted.status_code == 202, accepted.text
        job_id = str(accepted.json()["id"])
        run_attempt(bench, job_id, "worker-1")
        return api, job_id

    return evaluate
