"""What is sent for a new job: the frames' files and the JSON beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

Part = tuple[str, tuple[str | None, Any, str]]
Request = BaseModel | Mapping[str, Any]
"""`worker.inputs.request.CalibrationRequest`, or the same fields as a mapping; arrays of numpy may stand in it."""


@dataclass(frozen=True)
class Frame:
    """The files of one frame: one image and the sweep taken at the same moment.

    Attributes:
        image: PNG or JPEG.
        point_cloud: A sweep; the file name tells its format.
        image_labels: PNG of class ids in place of a network.
        point_labels: `.label` or `.npy`, a class id for each point, in place of a network.
    """

    image: str | os.PathLike[str]
    point_cloud: str | os.PathLike[str]
    image_labels: str | os.PathLike[str] | None = None
    point_labels: str | os.PathLike[str] | None = None


@dataclass(frozen=True)
class Upload:
    """A request that can be sent as often as it takes."""

    frames: tuple[Frame, ...]
    request: str

    @contextmanager
    def parts(self) -> Iterator[list[Part]]:
        """Open the files, from their beginnings, for one attempt at sending them.

        Raises:
            OSError: A file cannot be read.
        """
        with ExitStack() as stack:
            parts: list[Part] = [("request", (None, self.request, "application/json"))]
            for frame in self.frames:
                for name in ("image", "point_cloud", "image_labels", "point_labels"):
                    if (path := getattr(frame, name)) is not None:
                        file = stack.enter_context(Path(path).open("rb"))
                        parts.append((name, (Path(path).name, file, "application/octet-stream")))
            yield parts


def upload_of(frames: Frame | Sequence[Frame], request: Request) -> Upload:
    """Put together what is sent for a job.

    Args:
        frames: One frame, or several of one rig.
        request: The JSON part.
    """
    if isinstance(request, BaseModel):
        text = request.model_dump_json(exclude_none=True)
    else:
        text = json.dumps(dict(request), default=_plain, allow_nan=False)
    return Upload((frames,) if isinstance(frames, Frame) else tuple(frames), text)


def _plain(value: Any) -> Any:
    """Return what JSON has for a value of numpy or pydantic."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a request: use numbers, lists, text or numpy arrays.")
