"""A pipeline for tests of everything around it: it takes as long as it is told and ends as it is told.

`options.num_iterations` is its duration in hundredths of a second; `seed` chooses its end, see `Ending`.
"""

import io
import json
import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image

from worker.jobs.store import JobStore
from worker.settings import Settings
from worker.storage import RESULT, VIEW, BlobStore


class Ending(IntEnum):
    """What `seed` means here."""

    ESTIMATED = 0
    RAISES = 1
    NOT_ESTIMATED = 2
    DEAF = 3
    KILLS_ITSELF = 4
    STUBBORN = 5
    EXHAUSTS_MEMORY = 6
    KILLS_WORKER = 7
    # The worker dies once, in one of the moments in which it matters most, and the next attempt goes well.
    WORKER_DIES_AFTER_CHECKPOINT = 8
    WORKER_DIES_AFTER_RESULT = 9
    WORKER_DIES_AFTER_END = 10


@dataclass(frozen=True)
class Progress:
    """How far it is."""

    stage: str
    overall: float
    loss: float | None = None


@dataclass(frozen=True)
class InputFrame:
    """One frame, read."""

    image: Any
    cloud: Any
    image_labels: Any
    point_labels: Any
    name: str


@dataclass(frozen=True)
class PipelineInputs:
    """What it is given."""

    request: Any
    frames: list[InputFrame]


@dataclass(frozen=True)
class PipelineOutput:
    """What it leaves behind."""

    result: dict[str, Any]
    overlays: dict[str, bytes]
    estimated: bool
    view: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelCache:
    """No models."""

    device: str


def run(inputs: PipelineInputs, models: ModelCache, on_progress: Any) -> PipelineOutput:
    """Pass the time, reporting progress, and end as the seed says."""
    request = inputs.request
    ending = Ending(request.seed)
    listens = ending not in (Ending.DEAF, Ending.STUBBORN)
    if ending in _DEADLY_MOMENTS and not _has_happened(ending, request):
        _die_after(*_DEADLY_MOMENTS[ending])
    on_progress(Progress("segmentation", 0.0))
    started, duration = time.monotonic(), request.options.num_iterations / 100
    while (passed := time.monotonic() - started) < duration:
        if listens:
            on_progress(Progress("refinement", 0.5 + 0.5 * passed / duration, loss=100.0 - passed))
        try:
            time.sleep(0.02)
        except SoftTimeLimitExceeded:
            if ending is not Ending.STUBBORN:
                raise
    if ending is Ending.RAISES:
        raise RuntimeError("a secret of the implementation")
    if ending is Ending.KILLS_ITSELF:
        os.kill(os.getpid(), signal.SIGKILL)
    if ending is Ending.KILLS_WORKER:
        _kill_worker()
    if ending is Ending.EXHAUSTS_MEMORY:
        _exhaust_memory()
    estimated = ending is not Ending.NOT_ESTIMATED
    result = {
        **_result(request, estimated=estimated),
        "frames": [{"shape": frame.image.shape, "points": len(frame.cloud.points)} for frame in inputs.frames],
    }
    overlays = {"initial": _png((255, 0, 0)), "final": _png((0, 255, 0))}
    return PipelineOutput(result, overlays, estimated, {VIEW: json.dumps(_view(inputs)).encode()})


def _result(request: Any, *, estimated: bool) -> dict[str, Any]:
    """Return a result with every field that clients rely on; the initial extrinsic is what it found."""
    transform = request.initial.matrix().tolist()
    part = {"px2": 12.0, "points": 3}
    names = sorted(set((request.point_label_map or {1: "car"}).values()))
    loss = {"total_px2": 12.0, "mean_distance_px": 2.0, "per_class": dict.fromkeys(names, part)}
    sigma = dict.fromkeys(("pitch", "yaw", "roll", "right", "down", "forward"), 0.1)
    return {
        "outcome": "converged" if estimated else "no_point_in_view",
        "message": "As it was told.",
        "T_cam_lidar": transform,
        "quaternion_wxyz": [1.0, 0.0, 0.0, 0.0],
        "translation_m": [row[3] for row in transform[:3]],
        "axis_angle_rad": [0.0, 0.0, 0.0],
        "camera_center_lidar_m": [0.0, 0.0, 0.0],
        "initial_T_cam_lidar": transform,
        "change": {"rotation_deg": 0.0, "camera_center_m": 0.0},
        "alignment_loss": {"before": loss, "after": loss, "ratio": 1.0},
        "verdict": "high" if estimated else "rejected",
        "reasons": ["As it was told."],
        "confidence": {"sigma": sigma, "observed": dict.fromkeys(sigma, True)} if estimated else None,
        "candidates_rejected": 0,
        "dropped_points": 0,
        "seconds": {"segmentation": 0.0, "calibration": request.options.num_iterations / 100},
        "models": {"image": {"source": "a stand-in"}, "cloud": {"source": "a stand-in"}},
        "seed": request.seed,
        "version": "0.0.0",
    }


def _view(inputs: PipelineInputs) -> dict[str, Any]:
    height, width = inputs.frames[0].image.shape[:2]
    return {
        "camera": inputs.request.camera.model_dump(mode="json", exclude_none=True),
        "image_width": width,
        "image_height": height,
        "classes": [{"name": "car", "colour": [0, 0, 255], "counted": True}],
        "history": [100.0, 40.0, 12.0],
    }


def _png(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


_DEADLY_MOMENTS: dict[Ending, tuple[type, str, Callable[..., bool]]] = {
    Ending.WORKER_DIES_AFTER_CHECKPOINT: (JobStore, "progress", lambda *_: True),
    Ending.WORKER_DIES_AFTER_RESULT: (BlobStore, "put", lambda _, key, *__: key.endswith(RESULT)),
    Ending.WORKER_DIES_AFTER_END: (JobStore, "finish", lambda *_: True),
}


def _has_happened(ending: Ending, request: Any) -> bool:
    """Return whether this was asked before; the options tell the jobs of a session apart."""
    mark = Settings().data_dir / f"{ending.name}-{request.options.num_iterations}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def _die_after(owner: type, name: str, is_the_moment: Callable[..., bool]) -> None:
    """Kill the whole worker as soon as a method has done its work."""
    method = getattr(owner, name)

    def last(*arguments: Any, **named: Any) -> Any:
        answer = method(*arguments, **named)
        if is_the_moment(*arguments):
            _kill_worker()
        return answer

    setattr(owner, name, last)


def _kill_worker() -> None:
    """Kill this process and its supervisor, as the loss of a machine does."""
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _exhaust_memory() -> None:
    """Take memory until there is none, of the little that this process may still have."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, used + 2**27))
    taken = []
    while True:
        taken.append(bytearray(2**24))
