"""Point labels: one class id for every point as it stands in its cloud."""

from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.npy import NpyFile
from worker.inputs.source import Data, Source, read_source


def read_point_labels(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint16]:
    """Read one class id for each point of a cloud file, (M,), in the file's order.

    Args:
        source: The file, or its bytes.
        filename: Its name: `.label` is SemanticKITTI's uint32 (class id in the low 16 bits, instance above), `.npy`
            an integer array of shape (M,) with ids from 0 to 65535.
        limits: Bounds checked before anything is allocated.

    Raises:
        InputError: `unsupported-point-label-format`, `invalid-point-labels`, `unreadable-file` or `file-too-large`.
    """
    # This takes the low 16 bits: SemanticKITTI has the instance above them, and other ids are not larger.
    return _labels_in_file(source, filename, limits).astype(np.uint16)


def check_point_labels(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> int:
    """Refuse what `read_point_labels` refuses, and return how many labels the rest has; no array is made of it.

    Raises:
        InputError: As `read_point_labels`.
    """
    return len(_labels_in_file(source, filename, limits))


def _labels_in_file(source: Source, filename: str, limits: InputLimits) -> npt.NDArray[Any]:
    """View the labels (M,) as they stand in the file: integers."""
    name = PurePath(filename).name
    data = read_source(source, limits)
    if name.lower().endswith(".label"):
        return _view_semantic_kitti(data)
    if name.lower().endswith(".npy"):
        return _view_npy(data)
    raise InputError(
        "unsupported-point-label-format", f"{name!r} is no known kind of point labels: name it *.label or *.npy."
    )


def _view_semantic_kitti(data: Data) -> npt.NDArray[Any]:
    if len(data) % 4:
        raise _invalid(
            f"A .label file holds 4 bytes a point (uint32), but {len(data)} bytes are not a multiple of 4: "
            "send the whole file.",
        )
    return np.frombuffer(data, dtype="<u4")


def _view_npy(data: Data) -> npt.NDArray[Any]:
    file = NpyFile.parse(data, _invalid)
    if len(file.shape) != 1 or file.dtype.kind not in "iu":
        raise _invalid(f"Point labels in .npy must be integers of shape (M,), not {file.dtype.kind!r} of {file.shape}.")
    labels = file.array()
    if labels.size and (labels.min() < 0 or labels.max() > 0xFFFF):
        raise _invalid("Point labels must be class ids from 0 to 65535: map others, such as -1 for ignored, to 0.")
    return labels


def _invalid(message: str) -> InputError:
    return InputError("invalid-point-labels", message)
