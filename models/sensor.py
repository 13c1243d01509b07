"""What kind of LiDAR recorded a cloud, as far as the cloud itself tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.geometric.level import find_level

Floats = npt.NDArray[np.float64]

_MIN_RANGE_M, _MAX_RANGE_M = 1.0, 1000.0
# Returns of one beam within a sector differ less in elevation than beams do.
_SECTOR_DEG = 0.5
_SAME_BEAM_DEG = 0.15
_MIN_POINTS = 500


@dataclass(frozen=True)
class SensorTraits:
    """What can be told of a sensor from one of its sweeps.

    Attributes:
        height_m: height of the cloud's origin above the ground.
        tilt_deg: angle between the cloud's z axis and the way up.
        lowest_deg: elevation, seen from the origin, below which a hundredth of the returns lie.
        highest_deg: elevation above which a hundredth of the returns lie.
        beam_spacing_deg: usual difference in elevation between neighbouring beams.
        intensity_range: lowest and highest intensity; None where all are the same.
    """

    height_m: float
    tilt_deg: float
    lowest_deg: float
    highest_deg: float
    beam_spacing_deg: float
    intensity_range: tuple[float, float] | None


def sensor_traits(points: npt.NDArray[np.float32]) -> SensorTraits | None:
    """Describe the sensor of a cloud (N, 4) x, y, z in metres and intensity; None where no ground is found."""
    ranges = np.linalg.norm(points[:, :3].astype(np.float64), axis=1)
    measured = (ranges > _MIN_RANGE_M) & (ranges < _MAX_RANGE_M)
    level = find_level(points[measured, :3]) if measured.sum() >= _MIN_POINTS else None
    if level is None:
        return None
    xyz = points[measured, :3].astype(np.float64)
    elevation = np.degrees(np.arcsin(xyz[:, 2] / ranges[measured]))
    azimuth = np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))
    low, high = np.percentile(elevation, [1, 99])
    weakest, strongest = float(points[:, 3].min()), float(points[:, 3].max())
    return SensorTraits(
        height_m=level.height_m,
        tilt_deg=float(np.degrees(np.arccos(np.clip(level.rotation[2, 2], -1, 1)))),
        lowest_deg=float(low),
        highest_deg=float(high),
        beam_spacing_deg=_beam_spacing_deg(azimuth, elevation),
        intensity_range=(weakest, strongest) if weakest < strongest else None,
    )


def _beam_spacing_deg(azimuth: Floats, elevation: Floats) -> float:
    """Return the median gap in elevation between the beams of narrow sectors."""
    sector = np.floor(azimuth / _SECTOR_DEG)
    order = np.lexsort((elevation, sector))
    gaps = np.diff(elevation[order])[np.diff(sector[order]) == 0]
    between = gaps[gaps > _SAME_BEAM_DEG]
    return float(np.median(between)) if len(between) else float("inf")
