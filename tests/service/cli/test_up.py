"""`semalign up`: three processes from one command, one real calibration, and none left at the end."""

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from ports import free_port

from service.schemas import JobStatus
from worker.broker import answers
from worker.settings import Settings

WIDTH, HEIGHT = 320, 120
K = np.array([[160.0, 0, 159.5], [0, 160.0, 39.5], [0, 0, 1]])
T_CAM_LIDAR = np.array([[0.0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]])
ROLL = np.array([[0.99875, -0.05, 0, 0], [0.05, 0.99875, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
CLASSES = {0: "sky", 1: "road", 2: "sidewalk", 3: "car"}


def _processes_using(folder: Path) -> dict[int, str]:
    """Return the commands, by process id, of all processes whose environment names the data folder."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environment:
            found[int(process.name)] = command.replace(b"\0", b" ").decode()
    return found


class Running:
    """A started `semalign up`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "up.log"
        environment = {
            **os.environ,
            "SEMALIGN_DATA_DIR": str(folder / "data"),
            "SEMALIGN_BROKER_URL": "",
            "SEMALIGN_SHUTDOWN_GRACE_S": "1",
        }
        command = [sys.executable, "-c", "from service.cli.main import main; main()", "up", "--port", str(self.port)]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def wait_until_ready(self) -> None:
        """Wait for the line that tells the address."""
        self._wait_for(lambda: f"ready at http://127.0.0.1:{self.port}" in self.log.read_text(), 120)

    def stop(self, signum: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(signum)
        return self.process.wait(60)

    def _wait_for(self, condition: Any, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Running]:
    """Start `semalign up`; kill what is left of it."""
    running = Running(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()
    shutil.rmtree(Settings(data_dir=tmp_path / "data", broker_url="").embedded_socket.parent, ignore_errors=True)


def test_it_serves_a_real_calibration_and_leaves_no_process(up: Running, tmp_path: Path) -> None:
    """Ready means ready; a worker that is killed is started again; Ctrl-C ends broker, worker and API."""
    up.wait_until_ready()
    with httpx.Client(base_url=f"http://127.0.0.1:{up.port}", timeout=20) as http:
        status = _calibrated(http, ROLL @ T_CAM_LIDAR)
        assert (status["state"], status["stage"]) == ("succeeded", "done"), status
        JobStatus.model_validate(status)
        result = status["result"]
        assert result["alignment_loss"]["ratio"] < 1
        overlay = Image.open(io.BytesIO(http.get(status["links"]["overlay"]).content))
        assert overlay.size == (WIDTH, HEIGHT)

        behind = np.diag([1.0, -1, -1, 1]) @ T_CAM_LIDAR
        _kill_worker(tmp_path)
        status = _calibrated(http, behind)
        assert "was started again" in up.log.read_text()
        assert (status["state"], status["error"]["type"]) == ("failed", "no-point-in-view")
        assert status["result"]["T_cam_lidar"] == pytest.approx(behind)
    assert len(_processes_using(tmp_path)) >= 4
    assert up.stop(signal.SIGINT) == 0
    assert _processes_using(tmp_path) == {}
    assert not answers(Settings(data_dir=tmp_path / "data", broker_url="").resolved_broker_url)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")
def test_nothing_outlives_it_even_when_it_is_killed(up: Running, tmp_path: Path) -> None:
    """The kernel tells the three processes."""
    up.wait_until_ready()
    up.stop(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while left := _processes_using(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_port_in_use_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    """The exit status tells that it failed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "SEMALIGN_DATA_DIR": str(tmp_path / "data"), "SEMALIGN_BROKER_URL": ""}
        command = [sys.executable, "-c", "from service.cli.main import main; main()", "up"]
        command += ["--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert _processes_using(tmp_path) == {}


def _kill_worker(folder: Path) -> None:
    """End the supervisor of the worker, as a machine that runs out of memory does."""
    for pid, command in _processes_using(folder).items():
        if "worker.tasks" in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _calibrated(http: httpx.Client, initial: np.ndarray) -> dict[str, Any]:
    """Post a small labelled scene and return the status of its job at the end."""
    labels = _label_image()
    points, point_labels = _sweep(labels)
    image = io.BytesIO()
    Image.fromarray((labels * 60).astype(np.uint8)).save(image, "PNG")
    label_image = io.BytesIO()
    Image.fromarray(labels).save(label_image, "PNG")
    request = {
        "camera": {"K": K.tolist()},
        "initial": {"T_cam_lidar": initial.tolist()},
        "image_label_map": CLASSES,
        "point_label_map": CLASSES,
        "options": {"num_samples": 50, "num_iterations": 20, "min_points_in_view": 100},
    }
    files = [
        ("image", ("image.png", image.getvalue())),
        ("point_cloud", ("cloud.bin", points.tobytes())),
        ("image_labels", ("labels.png", label_image.getvalue())),
        ("point_labels", ("cloud.label", point_labels.tobytes())),
        ("request", (None, json.dumps(request))),
    ]
    accepted = http.post("/calibrate", files=files)
    assert accepted.status_code == 202, accepted.text
    deadline = time.monotonic() + 180
    while (status := http.get(accepted.headers["Location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dict(status)


def _label_image() -> np.ndarray:
    """Return a street seen from the front, (HEIGHT, WIDTH) uint8: sky, road between sidewalks, a car."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[60:] = 2
    labels[60:, 80:240] = 1
    labels[50:80, 120:170] = 3
    return labels


def _sweep(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 4) float32 that project onto their own class, and their labels (N,) uint32."""
    v, u = (grid.ravel() for grid in np.mgrid[45:HEIGHT:2, 0:WIDTH:2])
    depth = np.where(labels[v, u] == 3, 8.0, 20.0 - 0.1 * v)
    points_cam = np.linalg.inv(K) @ np.stack([u, v, np.ones_like(u)]) * depth
    points = T_CAM_LIDAR[:3, :3].T @ (points_cam - T_CAM_LIDAR[:3, 3:])
    return np.concatenate([points, np.ones((1, points.shape[1]))]).T.astype("<f4"), labels[v, u].astype("<u4")
