"""A point cloud as the calibration wants it: finite returns only."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError


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
        if len(values) != len(self.kept):
            raise InputError(
                "point-label-count",
                f"There are {len(values)} point labels for a cloud of {len(self.kept)} points: "
                "send one label for each point of the file, in its order.",
            )
        return values[self.kept]


def clean_cloud(xyz: npt.NDArray[Any], intensity: npt.NDArray[Any] | None) -> PointCloud:
    """Drop what is no measurement from raw coordinates.

    Args:
        xyz: (M, 3) numbers of any type, metres.
        intensity: (M,) numbers of any type, or None.

    Raises:
        InputError: `empty-point-cloud` or `no-finite-point`.
    """
    if len(xyz) == 0:
        raise InputError("empty-point-cloud", "The point cloud has no points: send a sweep with returns.")
    points = _as_float32(xyz)
    finite = np.isfinite(points).all(axis=1)
    at_origin = (points == 0).all(axis=1)
    kept: npt.NDArray[np.bool_] = finite & ~at_origin
    if not kept.any():
        raise InputError(
            "no-finite-point",
            f"None of the {len(points)} points is a measurement (all are NaN, infinite or at the origin): "
            "check how the cloud was exported.",
        )
    if intensity is not None:
        intensity = np.nan_to_num(_as_float32(intensity[kept]), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return PointCloud(
        points=points[kept],
        intensity=intensity,
        kept=kept,
        num_dropped_non_finite=int(np.count_nonzero(~finite)),
        num_dropped_at_origin=int(np.count_nonzero(at_origin)),
    )


def _as_float32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    # Doubles beyond float32 become infinite, and are then dropped as such.
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)
