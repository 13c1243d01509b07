"""The exact Euclidean feature transform: for every pixel of an image the nearest one of a set.

Separable, in time proportional to the pixels (Meijster, Roerdink and Hesselink 2000; Felzenszwalb and Huttenlocher
2012): first the nearest row within each column, then along each row the lower envelope of the parabolas that its
columns raise. Compiled by numba (BSD-2-Clause), see `worker/calibration/fused.py`.
"""
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from worker.calibration.fused import OPTIONS


@njit(**OPTIONS)
def nearest_pixels(pixels, margin, nearest):
    """Find the nearest pixel of a set, which must not be empty, over the image and a margin around it.

    Args:
        pixels: (H, W) bool, true on the set.
        margin: width of the border, px.
        nearest: (H + 2 margin, W + 2 margin, 2) signed integer, written: column and row of the nearest pixel, counted
            from the image's own corner.
    """
    height, width = pixels.shape
    far = height + width + 4 * margin
    rows = np.full((height + 2 * margin, width), far, np.int32)
    _nearest_rows(pixels, margin, far, rows)
    raised = np.zeros(width, np.int64)
    # The parabolas of the lower envelope, from the left: whose column each is, and from where on it is the lowest.
    owner, since = np.empty(width, np.int64), np.empty(width, np.int64)
    for y in range(height + 2 * margin):
        count = 0
        for column in range(width):
            if rows[y, column] == far:
                continue
            distance = y - margin - rows[y, column]
            raised[column] = distance * distance
            start = -margin
            while count > 0:
                last = owner[count - 1]
                # The first column at which this parabola lies below the last one.
                above = column * column - last * last + raised[column] - raised[last]
                start = above // (2 * (column - last)) + 1
                if start > since[count - 1]:
                    break
                count -= 1
            if count == 0:
                start = -margin
            if start < width + margin:
                owner[count], since[count] = column, start
                count += 1
        place = width + margin
        for k in range(count - 1, -1, -1):
            column = owner[k]
            row = rows[y, column]
            for x in range(since[k], place):
                nearest[y, x + margin, 0], nearest[y, x + margin, 1] = column, row
            place = min(place, since[k])


@njit(**OPTIONS)
def _nearest_rows(pixels, margin, far, rows):
    """Write the row of the nearest pixel of the set within each column; `far` where a column has none."""
    height, width = pixels.shape
    for y in range(height + 2 * margin):
        for x in range(width):
            if margin <= y < height + margin and pixels[y - margin, x]:
                rows[y, x] = y - margin
            elif y > 0:
                rows[y, x] = rows[y - 1, x]
    for y in range(height + 2 * margin - 2, -1, -1):
        for x in range(width):
            below, above = rows[y + 1, x], rows[y, x]
            if below != far and (above == far or below - (y - margin) < (y - margin) - above):
                rows[y, x] = below
