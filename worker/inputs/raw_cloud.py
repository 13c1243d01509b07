"""What every cloud format is read into, and the checks the formats share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.source import Data

_INTENSITY_NAMES = ("intensity", "scalar_intensity", "reflectivity", "reflectance")

Column = npt.NDArray[Any]


class Rows(Protocol):
    """Coordinates (M, 3) that are made where they are looked at: an array, or what reads one piece after the other."""

    def __len__(self) -> int:
        """Return M."""

    def __getitem__(self, rows: slice, /) -> Any:
        """Return some of the rows as an array (K, 3)."""


@dataclass(frozen=True)
class RawCloud:
    """Coordinates and intensity as they stand in a file.

    Attributes:
        xyz: (M, 3) numbers, metres.
        intensity: (M,) numbers, or None where the file has no such field.
    """

    xyz: Rows
    intensity: Column | None

    @classmethod
    def from_columns(cls, x: Column, y: Column, z: Column, intensity: Column | None = None) -> Self:
        """Join columns (M,), which may differ in type."""
        return cls(xyz=_JoinedColumns((x, y, z)), intensity=intensity)


@dataclass(frozen=True, eq=False)
class _JoinedColumns:
    columns: tuple[Column, Column, Column]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, rows: slice, /) -> npt.NDArray[Any]:
        return np.stack([column[rows] for column in self.columns], axis=1)


class CloudFields(NamedTuple):
    """Which fields of a file hold the coordinates and, where there is one, the intensity."""

    x: int
    y: int
    z: int
    intensity: int | None

    @classmethod
    def among(cls, names: Sequence[str]) -> Self:
        """Find the fields by name, whatever its case.

        Raises:
            InputError: `invalid-point-cloud` when x, y or z is absent or named twice.
        """
        lower = [name.lower() for name in names]
        for axis in "xyz":
            if lower.count(axis) != 1:
                present = ", ".join(names[:20]) or "none"
                raise invalid_cloud(f"A point cloud needs the fields x, y and z once each; this one has {present}.")
        intensity = next((lower.index(name) for name in _INTENSITY_NAMES if name in lower), None)
        return cls(lower.index("x"), lower.index("y"), lower.index("z"), intensity)

    def used(self) -> tuple[int, ...]:
        """Return x, y, z and, where there is one, intensity."""
        return tuple(field for field in self if field is not None)


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


def strided_column(data: Data | bytearray, offset: int, stride: int, dtype: np.dtype[Any], count: int) -> Column:
    """View `count` numbers of `data` that lie `stride` bytes apart; the caller has checked that they are there."""
    return np.ndarray((count,), dtype, buffer=data, offset=offset, strides=(stride,))


def invalid_cloud(message: str) -> InputError:
    """Return the error for a cloud whose header or values make no sense."""
    return InputError("invalid-point-cloud", message)


def truncated_cloud(claimed: str, present: str) -> InputError:
    """Return the error for a cloud that promises more than it holds."""
    return InputError(
        "truncated-point-cloud",
        f"The point cloud is truncated: its header promises {claimed}, the file holds {present}. Send the whole file.",
    )
