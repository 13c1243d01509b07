"""A calibration as the command line knows it, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.inputs.request import CalibrationRequest, check_label_sources


@dataclass(frozen=True)
class FrameFiles:
    """The files of one frame; labels only where they take a network's place."""

    image: Path
    point_cloud: Path
    image_labels: Path | None = None
    point_labels: Path | None = None


@dataclass(frozen=True)
class CalibrationJob:
    """What to calibrate.

    Attributes:
        request: the JSON part.
        frames: frames of one rig, at least one.

    Raises:
        InputError: images or clouds get their classes from no place, or from two.
    """

    request: CalibrationRequest
    frames: tuple[FrameFiles, ...]

    def __post_init__(self) -> None:
        """Check what needs no file."""
        first = self.frames[0]
        check_label_sources(
            self.request,
            has_image_labels=first.image_labels is not None,
            has_point_labels=first.point_labels is not None,
        )


@dataclass(frozen=True)
class FinishedJob:
    """What came out.

    Attributes:
        result: the JSON `result` object.
        overlays: PNG files of the first frame, `initial` and `final`.
        succeeded: false when no calibration could be estimated; the result then holds the initial extrinsic.
        view: what viewers show beside it, as the worker wrote it; empty for a job on a server, which has it.
        job_id: id of the job on a server; empty for one in this process.
    """

    result: dict[str, Any]
    overlays: dict[str, bytes]
    succeeded: bool
    view: dict[str, Any] = field(default_factory=dict)
    job_id: str = ""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Attributes:
        stage: what is at work, such as `refinement`.
        fraction: share of the whole job done, 0 to 1.
        loss: best alignment loss so far (Eq. 1, px^2), once there is one.
    """

    stage: str
    fraction: float
    loss: float | None = None


OnJobProgress = Callable[[JobProgress], None]
