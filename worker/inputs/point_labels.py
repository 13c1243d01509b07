"""Point labels: one class id for every point as it stands in its cloud."""

from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.source import Source, read_source


def read_point_labels(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint16]:
    """Read one class id for each point of a cloud file, (M,), in the file's order.

    Args:
        source: The file, or its bytes.
        filename: Its name: `.label` is SemanticKITTI's uint32 (class id in the low 16 bits, instance above).
        limits: Bounds checked before anything is allocated.

    Raises:
        InputError: `unsupported-point-label-format`, `invalid-point-labels`, `unreadable-file` or `file-too-large`.
    """
    name = PurePath(filename).name
    data = read_source(source, limits)
    if name.lower().endswith(".label"):
        return _read_semantic_kitti(data)
    raise InputError("unsupported-point-label-format", f"{name!r} holds no known point labels: name it *.label.")


def _read_semantic_kitti(data: bytes) -> npt.NDArray[np.uint16]:
    if len(data) % 4:
        raise InputError(
            "invalid-point-labels",
            f"A .label file holds 4 bytes a point (uint32), but {len(data)} bytes are not a multiple of 4: "
            "send the whole file.",
        )
    return (np.frombuffer(data, dtype="<u4") & 0xFFFF).astype(np.uint16)
