"""A pipeline for tests of everything around it: it takes as long as it is told and ends as it is told.

`options.num_iterations` is its duration in hundredths of a second; `seed` chooses its end, see `Ending`.
"""

import io
import os
import signal
import time
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image


class Ending(IntEnum):
    """What `seed` means here."""

    ESTIMATED = 0
    RAISES = 1
    NOT_ESTIMATED = 2
    DEAF = 3
    KILLS_ITSELF = 4
    STUBBORN = 5


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


@dataclass(frozen=True)
class ModelCache:
    """No models."""

    device: str


def run(inputs: PipelineInputs, models: ModelCache, on_progress: Any) -> PipelineOutput:
    """Pass the time, reporting progress, and end as the seed says."""
    request = inputs.request
    ending = Ending(request.seed)
    listens = ending not in (Ending.DEAF, Ending.STUBBORN)
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
    estimated = ending is not Ending.NOT_ESTIMATED
    result = {
        "outcome": "converged" if estimated else "no_point_in_view",
        "message": "As it was told.",
        "T_cam_lidar": request.initial.matrix().tolist(),
        "seed": request.seed,
        "frames": [{"shape": frame.image.shape, "points": len(frame.cloud.points)} for frame in inputs.frames],
    }
    return PipelineOutput(result, {"initial": _png((255, 0, 0)), "final": _png((0, 255, 0))}, estimated)


def _png(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()
