"""Networks of every kind, plugged in with a card, on the whole way through `POST /calibrate` with the real pipeline."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from tiny_networks import (
    CLOUD_CLASSES,
    IMAGE_CLASSES,
    ByColour,
    ByHeight,
    image_onnx,
    points_onnx,
    trace,
    write_card,
    write_checkpoint,
)

from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render, write_frame

FAMILIES = ("segformer", "mask2former", "oneformer", "eomt")
SMALL = SceneConfig(camera=CameraConfig().scaled_to(248), lidar=LidarConfig(num_beams=24, azimuth_step_deg=1.0))


def _wait_for(condition: Callable[[], Any], timeout_s: float) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
    return value


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a card, and a tiny network, of every format and family."""
    folder = tmp_path_factory.mktemp("cards")
    image_onnx(folder / "image.onnx")
    points_onnx(folder / "points.onnx")
    trace(ByColour(), torch.zeros(1, 3, 8, 8), folder / "image.pt")
    trace(ByHeight(), torch.zeros(5, 4), folder / "points.pt")
    for format_, suffix in (("onnx", "onnx"), ("torchscript", "pt")):
        for segments, kind, classes in (
            ("image", "image", IMAGE_CLASSES[:3]),
            ("cloud", "points", CLOUD_CLASSES),
        ):
            file = f"{kind}.{suffix}"
            write_card(
                folder / f"{format_}-{segments}.yaml",
                segments=segments,
                network={"format": format_, "file": file, "input": {"kind": kind}},
                classes=classes,
            )
    for family in FAMILIES:
        write_checkpoint(family, folder / family)
        write_card(
            folder / f"{family}-tiny.yaml", segments="image", network={"format": "huggingface", "folder": family}
        )
    return folder


@pytest.fixture(scope="module")
def http(cards: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run broker, one worker and API with these cards, as `semalign up` does it."""
    folder = tmp_path_factory.mktemp("up")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {
        **os.environ,
        "SEMALIGN_DATA_DIR": str(folder / "data"),
        "SEMALIGN_BROKER_URL": "",
        "SEMALIGN_MODELS_CARDS": str(cards),
        "SEMALIGN_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    command = [sys.executable, "-c", "from service.cli.main import main; main()", "up", "--port", port]
    log = folder / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        _wait_for(lambda: "ready at" in log.read_text() or process.poll() is not None, 240)
        assert process.poll() is None, log.read_text()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small rendered frame."""
    folder = tmp_path_factory.mktemp("frame")
    write_frame(folder, render(generate(3, 0, SMALL)))
    return folder


def _post(http: httpx.Client, frame: Path, **models: str) -> httpx.Response:
    """Ask for a calibration with these networks."""
    truth = json.loads((frame / "gt.json").read_text())
    request = {
        "camera": {"model": "pinhole", "K": truth["K"], "distortion": []},
        "initial": {"T_cam_lidar": truth["T_cam_lidar"]},
        "prior": {"rotation_deg": 2},
        **models,
    }
    return http.post(
        "/calibrate",
        files={
            "image": ("image.png", (frame / "image.png").read_bytes()),
            "point_cloud": ("cloud.bin", (frame / "cloud.bin").read_bytes()),
            "request": (None, json.dumps(request), "application/json"),
        },
    )


def _calibrate(http: httpx.Client, frame: Path, **models: str) -> dict[str, Any]:
    """Return the status of a job with these networks once it has ended."""
    response = _post(http, frame, **models)
    assert response.status_code == 202, response.text
    address = response.headers["Location"]

    def ended() -> dict[str, Any] | None:
        status: dict[str, Any] = http.get(address).json()
        return status if status["state"] in {"succeeded", "failed", "cancelled"} else None

    status: dict[str, Any] = _wait_for(ended, 120)
    return status


@pytest.mark.parametrize(
    ("image_model", "cloud_model"),
    [
        ("onnx-image", "torchscript-cloud"),
        ("torchscript-image", "onnx-cloud"),
        *((f"{family}-tiny", "onnx-cloud") for family in FAMILIES),
    ],
)
def test_a_network_runs_on_the_whole_way(http: httpx.Client, frame: Path, image_model: str, cloud_model: str) -> None:
    """From the upload to a result with a verdict. Networks that were never trained earn no `high`."""
    status = _calibrate(http, frame, image_model=image_model, cloud_model=cloud_model)
    result = status["result"]
    assert status["state"] == "succeeded", status
    assert result["models"]["image"] == {"source": "network", "name": image_model}
    assert result["models"]["cloud"] == {"source": "network", "name": cloud_model}
    assert result["verdict"] in {"low", "rejected"}
    assert len(result["T_cam_lidar"]) == 4


def test_a_network_that_fails_is_told_to_the_client(http: httpx.Client, cards: Path, frame: Path) -> None:
    """The job ends with the sentence about the card, and the worker goes on."""
    write_card(
        cards / "misnamed.yaml",
        segments="image",
        network={"format": "onnx", "file": "image.onnx", "input": {"kind": "image"}},
        classes=IMAGE_CLASSES,
    )
    status = _calibrate(http, frame, image_model="misnamed", cloud_model="onnx-cloud")
    assert status["state"] == "failed"
    assert status["error"]["type"] == "model-not-available"
    assert "'misnamed' scores 3 classes, but names are given up to output 5" in status["error"]["detail"]


def test_a_path_is_no_name(http: httpx.Client, cards: Path, frame: Path) -> None:
    """Requests cannot make the worker open files: what looks like a path is refused at the door."""
    for name in (str(cards / "onnx-image.yaml"), "../cards/onnx-image"):
        assert _post(http, frame, image_model=name, cloud_model="onnx-cloud").status_code == 422
