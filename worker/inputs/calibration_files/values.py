"""Numbers of calibration files, checked: matrices, cameras and rigid transforms."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from worker.inputs.calibration_files.calibration import invalid
from worker.inputs.camera_model import CameraModel
from worker.inputs.json_file import parse_json_object
from worker.inputs.rigid import Matrix, nearest_rigid, rigid_problem

_MOST_NUMBERS = 1000
_MODELS_OF_ROS = {
    "plumb_bob": "pinhole",
    "rational_polynomial": "pinhole",
    "equidistant": "fisheye",
    "fisheye": "fisheye",
}


def numbers(value: Any, count: int | None, what: str) -> list[float]:
    """Return the finite numbers of a list, however nested: YAML and JSON files nest matrices as they like.

    Args:
        value: what the parser gave; text that is a number counts, because YAML 1.1 takes 1e-3 for text.
        count: how many there must be; None for any number.
        what: how messages call it.
    """
    found: list[float] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple) and len(item) + len(pending) + len(found) <= _MOST_NUMBERS:
            pending.extend(reversed(item))
        else:
            found.append(number(item, what))
    if count is not None and len(found) != count:
        raise invalid(f"{what} must hold {count} numbers, not {len(found)}.")
    return found


def number(value: Any, what: str) -> float:
    """Return one finite number."""
    try:
        result = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        result = math.nan
    if not math.isfinite(result):
        raise invalid(f"{what} must be a finite number, not {str(value)[:40]!r}.")
    return result


def matrix(value: Any, rows: int, columns: int, what: str) -> Matrix:
    """Return a matrix (rows, columns) given row by row."""
    return np.array(numbers(value, rows * columns, what)).reshape(rows, columns)


def camera_model(K: Matrix, what: str, *, model: str = "pinhole", distortion: Sequence[float] = ()) -> CameraModel:
    """Return the camera with intrinsics K (3, 3) and the distortion coefficients of its model."""
    fields = {"model": model, "K": K.tolist(), "distortion": list(distortion)}
    return parse_json_object(CameraModel, fields, what)


def model_of_ros(name: str, what: str) -> str:
    """Return what a camera model is called here that ROS, and what follows it, calls `name`."""
    if name not in _MODELS_OF_ROS:
        raise invalid(f"{what} is {name[:40]!r}; known are {', '.join(_MODELS_OF_ROS)}.")
    return _MODELS_OF_ROS[name]


def rigid(transform: Matrix, what: str) -> Matrix:
    """Return a transform (3 or 4, 4) as a rigid one (4, 4), its rotation freed of rounding."""
    full = np.vstack([transform, [0, 0, 0, 1]]) if len(transform) == 3 else transform
    problem = rigid_problem(full)
    if problem is not None:
        raise invalid(f"{what} is no rigid transform: {problem}.")
    return nearest_rigid(full)


def pose(rotation: Matrix, translation: Sequence[float]) -> Matrix:
    """Return the transform (4, 4) of a rotation (3, 3) and a translation column."""
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation, translation
    return transform


def image_size(width: Any, height: Any, what: str) -> tuple[int, int] | None:
    """Return width and height in pixels, or None where the file leaves them out or 0."""
    if width is None or height is None:
        return None
    size = int(number(width, f"the width of {what}")), int(number(height, f"the height of {what}"))
    return size if min(size) > 0 else None


def text_of(values: Any) -> str:
    """Return numbers as text that reads back as the same numbers."""
    return " ".join(repr(float(value)) for value in np.ravel(values))
