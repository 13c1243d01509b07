"""How likely each standing return is to come from foliage rather than from a wall, by how its surroundings scatter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.geometric.texture import Texture

# Range noise and the width of the beam; spreads below it mean nothing.
_NOISE_M = 0.01
# Scatter is the log of the spread across plus this much of the log of its ratio to the spread along.
_RATIO_WEIGHT = 0.7
# Where walls and foliage are equally frequent, chosen on KITTI returns with all beams, every second and every fourth of
# them alike. Farther away neighbours lie farther apart, and walls spread too.
_EVEN_NEAR, _EVEN_FAR = -3.4, -2.6
_NEAR_M, _FAR_M = 18.0, 35.0
_SLOPE = 4.0
_CELL_M = 1.0


def foliage_probability(points: npt.NDArray[np.float32], texture: Texture) -> npt.NDArray[np.float32]:
    """Return the probabilities (N,) for standing points (N, 3) of an upright cloud, metres, with their texture."""
    across, along = np.log(texture.across_m + _NOISE_M), np.log(texture.along_m + _NOISE_M)
    scatter = _mean_over_cells(points, across + _RATIO_WEIGHT * (across - along))
    distance = np.hypot(points[:, 0], points[:, 1])
    even = np.interp(distance, (_NEAR_M, _FAR_M), (_EVEN_NEAR, _EVEN_FAR))
    return (1 / (1 + np.exp(-_SLOPE * (scatter - even)))).astype(np.float32)


def _mean_over_cells(points: npt.NDArray[np.float32], values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Replace the value (N,) of every point by the mean over its cell: one neighbourhood tells little."""
    cells = np.floor(points / _CELL_M).astype(np.int64) + (1 << 20)
    _, owner = np.unique((cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2], return_inverse=True)
    mean: npt.NDArray[np.float64] = (np.bincount(owner, values) / np.bincount(owner))[owner]
    return mean
