"""What every cloud format is read into, and the checks they share."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits

INTENSITY_NAMES = ("intensity", "reflectivity", "reflectance", "scalar_intensity")


@dataclass(frozen=True)
class RawCloud:
    """Coordinates and intensity as they stand in a file.

    Attributes:
        xyz: (M, 3) numbers, metres.
        intensity: (M,) numbers, or None where the file has no such field.
    """

    xyz: npt.NDArray[Any]
    intensity: npt.NDArray[Any] | None


def check_point_count(count: int, limits: InputLimits) -> None:
    """Refuse a claimed number of points that no calibration needs, before anything is allocated for it.

    Raises:
        InputError: `empty-point-cloud` or `too-many-points`.
    """
    if count == 0:
        raise InputError("empty-point-cloud", "The point cloud has no points: send a sweep with returns.")
    if count > limits.max_points:
        raise InputError(
            "too-many-points",
            f"The point cloud has {count} points, the limit is {limits.max_points}: send a single sweep.",
        )


def invalid_cloud(message: str) -> InputError:
    """Return the error for a cloud whose header or values make no sense."""
    return InputError("invalid-point-cloud", message)


def truncated_cloud(claimed: str, present: str) -> InputError:
    """Return the error for a cloud that promises more than it holds."""
    return InputError(
        "truncated-point-cloud",
        f"The point cloud is truncated: its header promises {claimed}, the file holds {present}. Send all of it.",
    )
