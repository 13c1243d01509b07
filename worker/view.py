"""What a viewer needs of a job beside the pictures: the classes of the first frame, and the camera they belong to."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from worker.calibration.frame import Frame
from worker.inputs.camera_model import CameraModel
from worker.overlay import colour_of
from worker.storage import IMAGE_CLASSES, POINT_CLASSES, VIEW

# 0 stands for no class; names beyond what a byte can tell apart go without one.
_MOST_CLASSES = 255


def view_artifacts(
    frame: Frame, camera: CameraModel, counted: Sequence[str], history: Sequence[float]
) -> dict[str, bytes]:
    """Return the artifacts of a job by name.

    `image-classes.png` holds one byte a pixel and `point-classes.bin` one byte a point: 0 for no class, else a place,
    counted from 1, in the list `classes` of `view.json`.

    Args:
        frame: the first frame.
        camera: its camera, as the request has it.
        counted: the classes that the alignment loss counts.
        history: the alignment loss after each step of the refinement, where there is one.
    """
    tables = frame.image_classes.common, frame.point_classes.common
    names = sorted({name for table in tables for name in table.values()})[:_MOST_CLASSES]
    height, width = frame.image_labels.shape
    description: dict[str, Any] = {
        "camera": camera.model_dump(mode="json", exclude_none=True),
        "image_width": width,
        "image_height": height,
        "classes": [{"name": name, "colour": colour_of(name), "counted": name in counted} for name in names],
        "history": [value for value in history if math.isfinite(value)],
    }
    buffer = io.BytesIO()
    Image.fromarray(_places(frame.image_labels, tables[0], names)).save(buffer, "PNG", compress_level=3)
    return {
        VIEW: json.dumps(description, allow_nan=False).encode(),
        IMAGE_CLASSES: buffer.getvalue(),
        POINT_CLASSES: _places(frame.point_labels, tables[1], names).tobytes(),
    }


def _places(labels: npt.NDArray[Any], table: Mapping[int, str], names: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Translate class ids of any shape into places in `names`, from 1 on."""
    place = {name: index + 1 for index, name in enumerate(names)}
    lookup = np.zeros(int(labels.max(initial=0)) + 1, np.uint8)
    for label, name in table.items():
        if label < len(lookup):
            lookup[label] = place.get(name, 0)
    return lookup[labels]
