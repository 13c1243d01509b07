"""Thin upright things: poles, posts and trunks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from models.geometric.components import find_components

Floats = npt.NDArray[np.float32]

# Between hedges and canopies a pole stands alone.
_SLICE_M = (0.7, 2.3)
_CELL_M = 0.25
_MIN_POINTS = 4
_MAX_FOOTPRINT_M = 0.45
# Beams that are far apart may miss either end of the slice.
_MIN_SPAN_M = 0.8
_REACH_M = 0.35


def find_poles(points: Floats, height: Floats) -> npt.NDArray[np.bool_]:
    """Tell which standing points (N, 3) of an upright cloud, `height` (N,) above the ground, metres, belong to poles.

    Within a slice above the ground a pole is a small component that spans it; above the slice it goes on as long as
    points keep to its axis.
    """
    found = np.zeros(len(points), bool)
    low = np.flatnonzero((height > _SLICE_M[0]) & (height < _SLICE_M[1]))
    parts = find_components(points[low, :2], height[low], _CELL_M)
    fits = (
        (parts.points >= _MIN_POINTS)
        & (np.hypot(parts.length_m, parts.width_m) < _MAX_FOOTPRINT_M)
        & (parts.high - parts.low > _MIN_SPAN_M)
    )
    if not fits.any():
        return found
    distance, _ = cKDTree(parts.center[fits]).query(points[:, :2], distance_upper_bound=_REACH_M)
    return np.isfinite(distance)
