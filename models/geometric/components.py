"""Returns that belong together, seen from above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_EVEN_THE_DIAGONAL = np.ones((3, 3), bool)


@dataclass(frozen=True, eq=False)
class Components:
    """Connected groups of occupied cells, and their extents.

    Attributes:
        owner: (N,) component of every point.
        points: (C,) number of points.
        low: (C,) height of the lowest point, metres.
        high: (C,) height of the highest point, metres.
        center: (C, 2) middle of the footprint, metres.
        length_m: (C,) footprint along its main direction.
        width_m: (C,) footprint across it.
    """

    owner: Ints
    points: Ints
    low: Floats
    high: Floats
    center: Floats
    length_m: Floats
    width_m: Floats


def find_components(xy: Floats, height: Floats, cell_m: float) -> Components:
    """Group points (N, 2) with heights (N,) whose cells touch, diagonals included; all in metres."""
    if not len(xy):
        nothing = np.zeros(0, np.float32)
        none = np.zeros(0, np.int64)
        return Components(none, none, nothing, nothing, np.zeros((0, 2), np.float32), nothing, nothing)
    cells = np.floor(xy / cell_m).astype(np.int64)
    cells -= cells.min(0)
    occupied = np.zeros(cells.max(0) + 1, bool)
    occupied[cells[:, 0], cells[:, 1]] = True
    labelled, count = ndimage.label(occupied, _EVEN_THE_DIAGONAL)
    owner = labelled[cells[:, 0], cells[:, 1]].astype(np.int64) - 1
    index = np.arange(count)
    length, width, center = _footprints(xy, owner, count)
    return Components(
        owner=owner,
        points=np.bincount(owner, minlength=count),
        low=np.asarray(ndimage.minimum(height, owner, index), np.float32),
        high=np.asarray(ndimage.maximum(height, owner, index), np.float32),
        center=center,
        length_m=length,
        width_m=width,
    )


def _footprints(xy: Floats, owner: Ints, count: int) -> tuple[Floats, Floats, Floats]:
    """Return length (C,), width (C,) and middle (C, 2) of the boxes of least area over a set of directions."""
    best = np.full(count, np.inf)
    length, width = np.zeros(count), np.zeros(count)
    center = np.zeros((count, 2))
    index = np.arange(count)
    for angle in np.radians(np.arange(0, 90, 7.5)):
        axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = xy @ axes
        lows = np.stack([ndimage.minimum(turned[:, k], owner, index) for k in (0, 1)], 1)
        highs = np.stack([ndimage.maximum(turned[:, k], owner, index) for k in (0, 1)], 1)
        sides = highs - lows
        area = (sides[:, 0] + 0.1) * (sides[:, 1] + 0.1)
        better = area < best
        best = np.where(better, area, best)
        length = np.where(better, sides.max(1), length)
        width = np.where(better, sides.min(1), width)
        center = np.where(better[:, None], ((lows + highs) / 2) @ axes.T, center)
    return length.astype(np.float32), width.astype(np.float32), center.astype(np.float32)
