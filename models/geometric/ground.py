"""Which returns come from the ground, and how high the others lie above it.

Patchwork++ (Lee et al., IROS 2022; `pypatchworkpp`, BSD-2) splits an upright cloud into ground and the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pypatchworkpp
from scipy import ndimage

# Patchwork++ expects the ground this far below its origin; clouds are moved so that it is.
_SENSOR_HEIGHT_M = 1.723
_MIN_RANGE_M = 1.0
_MAX_RANGE_M = 120.0
_CELL_M = 1.0
_EXTENT_M = 100.0


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground of an upright cloud.

    Attributes:
        is_ground: (N,) bool, returns from the ground.
        height_m: (N,) float32, height of every return above the ground around it.
    """

    is_ground: npt.NDArray[np.bool_]
    height_m: npt.NDArray[np.float32]


def find_ground(upright: npt.NDArray[np.float32]) -> Ground:
    """Split an upright cloud (N, 3), metres, z = 0 on the ground below its origin."""
    is_ground = _patchwork(upright)
    surface = _surface(upright[is_ground])
    return Ground(is_ground, upright[:, 2] - surface[_cell_of(upright)])


def _patchwork(upright: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    parameters = pypatchworkpp.PatchworkParams()
    parameters.verbose = False
    parameters.sensor_height = _SENSOR_HEIGHT_M
    parameters.ATAT_ON = False
    parameters.min_range = _MIN_RANGE_M
    parameters.max_range = _MAX_RANGE_M
    estimator = pypatchworkpp.patchwork(parameters)
    lowered = np.column_stack([upright, np.zeros(len(upright), np.float32)])
    lowered[:, 2] -= _SENSOR_HEIGHT_M
    estimator.estimateGround(lowered)
    is_ground = np.zeros(len(upright), bool)
    is_ground[np.asarray(estimator.getGroundIndices(), np.int64)] = True
    return is_ground


def _surface(ground: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the mean height of the ground on a grid of cells, (n, n); cells without a return take the nearest's."""
    size = round(2 * _EXTENT_M / _CELL_M)
    rows, columns = _cell_of(ground)
    flat = rows * size + columns
    counts = np.bincount(flat, minlength=size * size)
    sums = np.bincount(flat, ground[:, 2], minlength=size * size)
    known = counts.reshape(size, size) > 0
    heights = (sums / np.maximum(counts, 1)).reshape(size, size).astype(np.float32)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return ndimage.uniform_filter(heights[tuple(nearest)], 3)


def _cell_of(upright: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    size = round(2 * _EXTENT_M / _CELL_M)
    cells = np.floor((upright[:, :2] + _EXTENT_M) / _CELL_M).astype(np.int64).clip(0, size - 1)
    return cells[:, 0], cells[:, 1]
