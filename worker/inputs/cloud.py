"""A point cloud as the calibration wants it: finite returns only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.raw_cloud import Rows

# So many are looked at together: they stay in the processor's caches.
_BLOCK_POINTS = 32_768
# Farther from the origin, numbers of 32 bits lie a centimetre apart.
_MAX_COORDINATE_M = 100_000.0


@dataclass(frozen=True)
class PointCloud:
    """One LiDAR sweep, without the points that are no measurement.

    Attributes:
        points: (N, 3) float32, metres, LiDAR frame.
        intensity: (N,) float32 as the file says, unscaled, 0 where that is not finite; None without the field.
        kept: (M,) bool over the M points as they stand in the file; N of them are true.
        num_dropped_non_finite: Points with NaN or infinite coordinates.
        num_dropped_at_origin: Points at exactly (0, 0, 0), which many drivers write for "no return".
    """

    points: npt.NDArray[np.float32]
    intensity: npt.NDArray[np.float32] | None
    kept: npt.NDArray[np.bool_]
    num_dropped_non_finite: int
    num_dropped_at_origin: int

    def of_kept_points(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the rows of `values` (M, ...), one for each point in the file, that belong to `points`.

        Raises:
            InputError: `point-label-count` when there is not one value for each point in the file.
        """
        check_point_label_count(len(values), len(self.kept))
        return values[self.kept]


@dataclass(frozen=True)
class Measurements:
    """Which points of a file are measurements.

    Attributes:
        kept: (M,) bool over all points of the file; at least one is true.
        num_non_finite: Points with NaN or infinite coordinates.
        num_at_origin: Points at exactly (0, 0, 0).
    """

    kept: npt.NDArray[np.bool_]
    num_non_finite: int
    num_at_origin: int


def find_measurements(xyz: Rows) -> Measurements:
    """Tell measurements from the rest, in blocks: memory grows by a byte a point.

    Args:
        xyz: (M, 3) numbers of any type, metres.

    Raises:
        InputError: `empty-point-cloud`, `no-finite-point`, or `invalid-point-cloud` where most points are on a map.
    """
    if len(xyz) == 0:
        raise InputError("empty-point-cloud", "The point cloud has no points: send a sweep with returns.")
    kept = np.empty(len(xyz), np.bool_)
    num_non_finite = num_at_origin = num_far = 0
    for rows in _blocks(len(xyz)):
        points = _as_float32(xyz[rows])
        finite = _all_three(np.isfinite(points))
        at_origin = _all_three(points == 0)
        np.logical_and(finite, ~at_origin, out=kept[rows])
        num_non_finite += int(np.count_nonzero(~finite))
        num_at_origin += int(np.count_nonzero(at_origin))
        num_far += int(np.count_nonzero(kept[rows] & ~_all_three(np.abs(points) < _MAX_COORDINATE_M)))
    if not kept.any():
        raise InputError(
            "no-finite-point",
            f"None of the {len(xyz)} points is a measurement (all are NaN, infinite or at the origin): "
            "check how the cloud was exported.",
        )
    if 2 * num_far > np.count_nonzero(kept):
        raise InputError(
            "invalid-point-cloud",
            f"Most points lie more than {_MAX_COORDINATE_M / 1000:g} km from the origin, where single precision loses "
            "centimetres: give metres in the frame of the LiDAR or its vehicle; of a map's coordinates, subtract an "
            "offset, from the extrinsic too.",
        )
    return Measurements(kept, num_non_finite, num_at_origin)


def clean_cloud(xyz: Rows, intensity: npt.NDArray[Any] | None) -> PointCloud:
    """Drop what is no measurement from raw coordinates.

    Args:
        xyz: (M, 3) numbers of any type, metres.
        intensity: (M,) numbers of any type, or None.

    Raises:
        InputError: As `find_measurements`.
    """
    found = find_measurements(xyz)
    kept = found.kept
    points = np.empty((np.count_nonzero(kept), 3), np.float32)
    end = 0
    for rows in _blocks(len(xyz)):
        block = _as_float32(xyz[rows])[kept[rows]]
        points[end : end + len(block)] = block
        end += len(block)
    if intensity is not None:
        intensity = np.nan_to_num(_as_float32(intensity[kept]), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return PointCloud(
        points=points,
        intensity=intensity,
        kept=kept,
        num_dropped_non_finite=found.num_non_finite,
        num_dropped_at_origin=found.num_at_origin,
    )


def check_point_label_count(num_labels: int, num_points: int) -> None:
    """Check that there is one label for each point as it stands in the file.

    Raises:
        InputError: `point-label-count`.
    """
    if num_labels != num_points:
        raise InputError(
            "point-label-count",
            f"There are {num_labels} point labels for a cloud of {num_points} points: "
            "send one label for each point of the file, in its order.",
        )


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, min(start + _BLOCK_POINTS, count)) for start in range(0, count, _BLOCK_POINTS))


def _all_three(values: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell where all of a row (M, 3) holds; a reduction over so short an axis takes several times as long."""
    return values[:, 0] & values[:, 1] & values[:, 2]


def _as_float32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    # Doubles beyond float32 become infinite, and are then dropped as such.
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)
