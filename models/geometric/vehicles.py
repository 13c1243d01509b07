"""Clusters of the size of a car."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.geometric.components import find_components

Floats = npt.NDArray[np.float32]

# Cars on their own are lower than this; what reaches higher (walls, trees) would glue them together.
_SLICE_M = (0.15, 2.3)
_CELL_M = 0.3
_MIN_POINTS = 12
# Of the far sides of a car nothing returns: a tail alone is 1.3 m to 2 m wide.
_LENGTH_M = (1.3, 5.6)
_MAX_WIDTH_M = 2.5
_TOP_M = (1.0, 2.2)
_MAX_BOTTOM_M = 0.8


def find_vehicles(points: Floats, height: Floats, is_foliage: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell which standing points (N, 3), metres, belong to clusters that have the size of a car.

    Args:
        points: of an upright cloud, without the ground.
        height: (N,) above the ground around, metres.
        is_foliage: (N,) points whose surroundings scatter.
    """
    found = np.zeros(len(points), bool)
    low = np.flatnonzero((height < _SLICE_M[1]) & (height > _SLICE_M[0]) & ~_below_tall(points, height))
    parts = find_components(points[low, :2], height[low], _CELL_M)
    foliage = np.bincount(parts.owner, is_foliage[low], minlength=len(parts.points)) / np.maximum(parts.points, 1)
    fits = (
        (parts.points >= _MIN_POINTS)
        & (parts.length_m > _LENGTH_M[0])
        & (parts.length_m < _LENGTH_M[1])
        & (parts.width_m < _MAX_WIDTH_M)
        & (parts.high > _TOP_M[0])
        & (parts.high < _TOP_M[1])
        & (parts.low < _MAX_BOTTOM_M)
        & (foliage < 0.35)
    )
    found[low] = fits[parts.owner]
    return found


def _below_tall(points: Floats, height: Floats) -> npt.NDArray[np.bool_]:
    """Tell which points stand in cells where returns go on right above the height of a car."""
    cells = np.floor(points[:, :2] / _CELL_M).astype(np.int64)
    cells -= cells.min(0, initial=0)
    key = cells[:, 0] * (cells[:, 1].max(initial=0) + 1) + cells[:, 1]
    above = np.bincount(key[(height > _SLICE_M[1]) & (height < _SLICE_M[1] + 1.0)], minlength=key.max(initial=0) + 1)
    return above[key] > 0
