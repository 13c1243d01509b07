"""How the returns around each return spread, seen from above and along the vertical.

Walls, doors and car sides stand upright: from above their returns lie on a line, whatever the beams of the sensor.
Foliage scatters. This holds from 16 to 128 beams, where neighbours often lie on one and the same beam and the usual
planarity of three-dimensional neighbourhoods says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

_NEIGHBOURS = 16
_THINNING_M = 0.08

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Texture:
    """Spread of the neighbourhood of every return.

    Attributes:
        across_m: (N,) standard deviation across the main horizontal direction, metres.
        along_m: (N,) standard deviation along it, metres.
        thickness_m: (N,) standard deviation along the normal of the best plane in three dimensions, metres.
        normal_z: (N,) vertical component of that normal, 0 (upright surface) to 1 (level surface).
    """

    across_m: Floats
    along_m: Floats
    thickness_m: Floats
    normal_z: Floats


def find_texture(points: Floats) -> Texture:
    """Describe the neighbourhood of every point (N, 3) of an upright cloud, metres."""
    kept, owner = _thinned(points)
    if len(kept) <= _NEIGHBOURS:
        nothing = np.zeros(len(points), np.float32)
        return Texture(nothing, nothing, nothing, nothing)
    places = points[kept].astype(np.float64)
    _, neighbours = cKDTree(places).query(places, k=_NEIGHBOURS, workers=1)
    offsets = places[neighbours] - places[neighbours].mean(1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", offsets, offsets) / _NEIGHBOURS
    values, vectors = np.linalg.eigh(covariance)
    xx, yy, xy = covariance[:, 0, 0], covariance[:, 1, 1], covariance[:, 0, 1]
    mean, deviation = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return Texture(
        across_m=np.sqrt(np.maximum(mean - deviation, 0)).astype(np.float32)[owner],
        along_m=np.sqrt(mean + deviation).astype(np.float32)[owner],
        thickness_m=np.sqrt(np.maximum(values[:, 0], 0)).astype(np.float32)[owner],
        normal_z=np.abs(vectors[:, 2, 0]).astype(np.float32)[owner],
    )


def _thinned(points: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first point of every small cell, (M,), and which of them stands for each point, (N,)."""
    cells = np.floor(points / _THINNING_M).astype(np.int64) + (1 << 20)
    keys = (cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2]
    _, kept, owner = np.unique(keys, return_index=True, return_inverse=True)
    return kept, owner
