"""The containers' commands, started as local processes with the containers' environments."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from ports import free_port

from worker import child_process
from worker.broker import find_server

START_TIMEOUT_S = 120.0


class LocalContainers:
    """The services of the compose file on this machine: other ports and folders, else what the containers get."""

    def __init__(self, deployment: Any, folder: Path) -> None:
        self._deployment = deployment
        self._folder = folder
        self._programs = Path(sys.executable).parent
        self.port, self.metrics_port, broker_port = free_port(), free_port(), free_port()
        self._in_place_of = {
            "8000": str(self.port),
            "9101": str(self.metrics_port),
            "0.0.0.0": "127.0.0.1",
            "valkey-server": find_server(),
            "redis://redis:6379/0": f"redis://127.0.0.1:{broker_port}/0",
            "/data": str(folder),
            "/models": str(folder / "models"),
        }
        self._more_arguments = {"redis": ["--port", str(broker_port), "--dir", str(folder), "--bind", "127.0.0.1"]}

    def start(self, name: str) -> child_process.Child:
        """Start a service."""
        command = [self._localized(word) for word in self._deployment.container(name).command]
        command += self._more_arguments.get(name, [])
        return child_process.start(command, environment=self._environment(name), log=self._folder / f"{name}.log")

    def is_healthy(self, name: str) -> bool:
        """Run the health check of a container as the engine would."""
        command = [
            self._localized(word).replace(":8000/", f":{self.port}/")
            for word in self._deployment.container(name).health_check
        ]
        environment = {**os.environ, **self._environment(name)}
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0

    def log(self, name: str) -> str:
        """Return what a service said."""
        return (self._folder / f"{name}.log").read_text()

    def _environment(self, name: str) -> dict[str, str]:
        environment = self._deployment.container(name).environment
        return {
            **{variable: self._localized(value) for variable, value in environment.items()},
            "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
            "SEMALIGN_THREADS": "1",
        }

    def _localized(self, word: str) -> str:
        return self._in_place_of.get(word, word)


def wait_until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.5)


@pytest.fixture(scope="module")
def containers(deployment: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalContainers]:
    """Run broker, worker and API, healthy by their own checks."""
    local = LocalContainers(deployment, tmp_path_factory.mktemp("containers"))
    with ExitStack() as stack:
        for name in ("redis", "worker", "api"):
            stack.callback(local.start(name).stop, 20.0)
        for name in ("api", "worker"):
            wait_until(lambda name=name: local.is_healthy(name), lambda name=name: local.log(name))
        yield local


def a_job() -> list[tuple[str, Any]]:
    """Return the parts of a small job that brings its own labels."""
    image = io.BytesIO()
    Image.new("RGB", (64, 48)).save(image, "PNG")
    labels = io.BytesIO()
    classes = np.zeros((48, 64), np.uint8)
    classes[16:32, 16:48] = 1
    classes[32:] = 2
    Image.fromarray(classes).save(labels, "PNG")
    cloud = np.zeros((200, 4), "<f4")
    cloud[:, :3] = np.random.default_rng(0).uniform((9, -2, -2.5), (10, 2, 1), (200, 3))
    point_labels = np.where(cloud[:, 2] > -1, 1, 2).astype("<u4")
    request = {
        "camera": {"K": [[80, 0, 32], [0, 80, 24], [0, 0, 1]]},
        "initial": {"T_cam_lidar": [[0, -1, 0, 0.1], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]},
        "image_label_map": {"1": "car", "2": "road"},
        "point_label_map": {"1": "car", "2": "road"},
    }
    return [
        ("image", ("image.png", image.getvalue())),
        ("image_labels", ("labels.png", labels.getvalue())),
        ("point_cloud", ("cloud.bin", cloud.tobytes())),
        ("point_labels", ("points.label", point_labels.tobytes())),
        ("request", (None, json.dumps(request))),
    ]


def counted(containers: LocalContainers) -> str:
    return httpx.get(f"http://127.0.0.1:{containers.metrics_port}/metrics", timeout=20).text


@pytest.mark.slow
def test_containers_serve_a_job(containers: LocalContainers) -> None:
    """The commands and environments of the compose file carry a job from upload to picture."""
    with httpx.Client(base_url=f"http://127.0.0.1:{containers.port}", timeout=20) as http:
        accepted = http.post("/calibrate", files=a_job())
        assert accepted.status_code == 202, accepted.text
        address = accepted.headers["Location"]
        wait_until(lambda: http.get(address).json()["state"] == "succeeded", lambda: http.get(address).text)
        assert http.get(f"{address}/overlay.png").headers["content-type"] == "image/png"
        assert 'semalign_queue_depth{queue="interactive"} 0.0' in http.get("/metrics").text
    # A worker counts a job after it ended it.
    wait_until(lambda: 'semalign_jobs_ended_total{error="",state="succeeded"} 1.0' in counted(containers), str)
    assert 'semalign_stage_seconds_count{stage="calibration"} 1.0' in counted(containers)


@pytest.mark.slow
def test_health_check_notices_a_dead_service(deployment: Any, tmp_path: Path) -> None:
    """The health check of the API fails where no API answers."""
    assert not LocalContainers(deployment, tmp_path).is_healthy("api")
