"""Nearest neighbours among places in a plane that lie no further apart than a radius, by cells of that size.

For neighbours this close a grid needs a fraction of the time of a tree, and no more than the places of nine cells.
Compiled by numba (BSD-2-Clause), see `worker/calibration/fused.py`.
"""
# ruff: noqa: ANN001, ANN202, PLR0917
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from worker.calibration.fused import OPTIONS

# A radius that is tiny for its places would ask for more cells than this a place; cells are then larger.
_MOST_CELLS_PER_PLACE = 4


def nearest_neighbours(places: npt.NDArray[np.float64], radius: float, count: int) -> npt.NDArray[np.int64]:
    """Return the indices (N, count) of the places nearest to each of N, itself left out, the nearest first.

    Args:
        places: (N, 2), finite.
        radius: neighbours lie nearer than this, in the unit of the places.
        count: most neighbours of a place.

    Returns:
        N itself stands where a place has fewer.
    """
    if len(places) == 0:
        return np.zeros((0, count), np.int64)
    low = places.min(0)
    spans = places.max(0) - low
    cell = radius
    while np.prod(np.floor(spans / cell) + 1) > _MOST_CELLS_PER_PLACE * len(places) + 9:
        cell *= 2
    columns, rows = (int(span / cell) + 1 for span in spans)
    found: npt.NDArray[np.int64] = _search(np.ascontiguousarray(places), low, cell, columns, rows, radius, count)
    return found


@njit(**OPTIONS)
def _search(places, low, cell, columns, rows, radius, count):
    num = len(places)
    column, row = np.empty(num, np.int64), np.empty(num, np.int64)
    begin = np.zeros(columns * rows + 1, np.int64)
    for i in range(num):
        column[i] = int((places[i, 0] - low[0]) / cell)
        row[i] = int((places[i, 1] - low[1]) / cell)
        begin[row[i] * columns + column[i] + 1] += 1
    for c in range(columns * rows):
        begin[c + 1] += begin[c]
    free = begin[:-1].copy()
    order = np.empty(num, np.int64)
    for i in range(num):
        c = row[i] * columns + column[i]
        order[free[c]] = i
        free[c] += 1
    found = np.full((num, count), num)
    squared = np.empty(count)
    for i in range(num):
        squared[:] = radius * radius
        for r in range(max(row[i] - 1, 0), min(row[i] + 2, rows)):
            # Cells of a row lie one after the other.
            first, last = r * columns + max(column[i] - 1, 0), r * columns + min(column[i] + 1, columns - 1)
            for k in range(begin[first], begin[last + 1]):
                j = order[k]
                dx, dy = places[j, 0] - places[i, 0], places[j, 1] - places[i, 1]
                distance = dx * dx + dy * dy
                if j == i or not distance < squared[count - 1]:
                    continue
                place = count - 1
                while place > 0 and distance < squared[place - 1]:
                    squared[place], found[i, place] = squared[place - 1], found[i, place - 1]
                    place -= 1
                squared[place], found[i, place] = distance, j
    return found
