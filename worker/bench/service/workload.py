"""What is sent: a rendered frame with its labels, and an upload that is as large as it is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from worker.bench.accuracy import Disturbance
from worker.inputs.frame_folder import FrameFolder
from worker.scenes import generate, render, write_frame

_SEED: Final = 0
_START: Final = Disturbance(rotation_deg=10, translation_m=0)
_BYTES_PER_POINT: Final = 16


@dataclass(frozen=True)
class Body:
    """A multipart body as it crosses the wire, and what announces it."""

    content: bytes
    content_type: str


def render_frame(folder: Path) -> FrameFolder:
    """Render the street that all jobs of the benchmark calibrate."""
    write_frame(folder, render(generate(_SEED, 0)))
    return FrameFolder(folder)


def job_request(frame: FrameFolder) -> dict[str, Any]:
    """Return the request of a job with the default profile, from a start that is wrong by up to 10 degrees."""
    return {
        "camera": frame.camera.model_dump(),
        "initial": job_start(frame),
        "image_label_map": _names(frame.path / "image_classes.json"),
        "point_label_map": _names(frame.path / "point_classes.json"),
    }


def job_start(frame: FrameFolder) -> dict[str, Any]:
    """Return an initial extrinsic that is wrong by up to 10 degrees about each axis."""
    return {"T_cam_lidar": _START.start(frame.T_cam_lidar, _SEED, job=0).tolist()}


def job_body(frame: FrameFolder) -> Body:
    """Return a job that brings its labels, so that it costs the same everywhere and no network is loaded."""
    files = {
        "image": frame.path / "image.png",
        "point_cloud": frame.path / "cloud.bin",
        "image_labels": frame.path / "image_labels.png",
        "point_labels": frame.path / "labels.label",
    }
    parts = [(part, (path.name, path.read_bytes())) for part, path in files.items()]
    return encoded([*parts, ("request", (None, json.dumps(job_request(frame)).encode()))])


def large_body(frame: FrameFolder, size: int) -> Body:
    """Return an upload of about `size` bytes, nearly all of them one cloud; networks are named, and never loaded."""
    points = np.ones((size // _BYTES_PER_POINT, 4), "<f4")
    points[:, 0] = np.linspace(5, 50, len(points))
    request = {key: value for key, value in job_request(frame).items() if not key.endswith("label_map")}
    request |= {"image_model": "any", "cloud_model": "any"}
    return encoded(
        [
            ("image", ("image.png", (frame.path / "image.png").read_bytes())),
            ("point_cloud", ("cloud.bin", points.tobytes())),
            ("request", (None, json.dumps(request).encode())),
        ]
    )


def encoded(parts: list[tuple[str, tuple[str | None, bytes]]]) -> Body:
    """Encode the parts of an upload, each a field's name with its file's name and content."""
    request = httpx.Request("POST", "http://127.0.0.1/", files=parts)
    return Body(request.read(), request.headers["content-type"])


def _names(path: Path) -> dict[str, str]:
    names: dict[str, str] = json.loads(path.read_text())
    return names
