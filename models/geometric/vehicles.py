"""Clusters of the size of a car."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.geometric.components import find_components
from models.geometric.texture import Texture

Floats = npt.NDArray[np.float32]

# Cars on their own are lower than this; what reaches higher (walls, trees) would glue them together.
_SLICE_M = (0.15, 2.3)
_CELL_M = 0.3
_MIN_POINTS = 12
# Of the far sides of a car nothing returns: a tail alone is 1.3 m to 2 m wide.
_LENGTH_M = (1.3, 5.6)
_WIDTH_M = (0.4, 2.5)
_TOP_M = (1.15, 1.95)
_MAX_BOTTOM_M = 0.8
# Bushes have that size too, but not such smooth sides: where the log of the thickness passes the even mark, clusters of
# that size on KITTI are as often cars as not.
_NOISE_M = 0.01
_EVEN = -2.6
_SLOPE = 8.0
_MOST = 0.9


def vehicle_probability(points: Floats, height: Floats, texture: Texture) -> Floats:
    """Return how likely each standing point belongs to a car: its cluster has the size of one and smooth sides.

    Args:
        points: (N, 3) of an upright cloud, without the ground, metres.
        height: (N,) above the ground around, metres.
        texture: of these points.
    """
    probability = np.zeros(len(points), np.float32)
    low = np.flatnonzero((height < _SLICE_M[1]) & (height > _SLICE_M[0]) & ~_below_tall(points, height))
    parts = find_components(points[low, :2], height[low], _CELL_M)
    fits = (
        (parts.points >= _MIN_POINTS)
        & _within(parts.length_m, _LENGTH_M)
        & _within(parts.width_m, _WIDTH_M)
        & _within(parts.high, _TOP_M)
        & (parts.low < _MAX_BOTTOM_M)
    )
    thickness = np.log(texture.thickness_m[low] + _NOISE_M)
    mean = np.bincount(parts.owner, thickness, minlength=len(parts.points)) / np.maximum(parts.points, 1)
    smooth = _MOST / (1 + np.exp(_SLOPE * (mean - _EVEN)))
    probability[low] = np.where(fits, smooth, 0)[parts.owner]
    return probability


def _within(values: Floats, bounds: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return (values > bounds[0]) & (values < bounds[1])


def _below_tall(points: Floats, height: Floats) -> npt.NDArray[np.bool_]:
    """Tell which points stand in cells where returns go on right above the height of a car."""
    cells = np.floor(points[:, :2] / _CELL_M).astype(np.int64)
    cells -= cells.min(0, initial=0)
    key = cells[:, 0] * (cells[:, 1].max(initial=0) + 1) + cells[:, 1]
    above = np.bincount(key[(height > _SLICE_M[1]) & (height < _SLICE_M[1] + 1.0)], minlength=key.max(initial=0) + 1)
    return above[key] > 0
