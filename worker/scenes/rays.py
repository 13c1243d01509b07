"""Bundles of rays, sorted into the tiles of a chart so that those near a solid are found at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.charts import Chart


@dataclass(frozen=True)
class Rays:
    """Rays that share an origin or a direction.

    Attributes:
        origins: (n, 3) or, where shared, (1, 3), world frame, metres.
        directions: (n, 3) or, where shared, (1, 3), world frame, unit length.
        coordinates: (n, 2) where the rays lie in the chart.
        chart: the chart.
    """

    origins: Floats
    directions: Floats
    coordinates: Floats
    chart: Chart

    def __len__(self) -> int:
        return len(self.coordinates)

    def points(self, distances: Floats, rows: Integers) -> Floats:
        """Return the points (m, 3) at distances (m,) along the rays named by rows (m,)."""
        origins = self.origins if len(self.origins) == 1 else self.origins[rows]
        directions = self.directions if len(self.directions) == 1 else self.directions[rows]
        return origins + distances[:, None] * directions

    def near(self, corners: Floats) -> Integers:
        """Return the rows of all rays that can meet the hull of world points (8, 3), and few others."""
        found = [self._inside(window) for window in self.chart.windows(corners)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)

    @cached_property
    def _tiles(self) -> tuple[Floats, Integers, Integers, Integers]:
        """Low corner of the tiling, its shape, the rows in tile order, and where each tile starts."""
        low = self.coordinates.min(axis=0) if len(self) else np.zeros(2)
        tile = ((self.coordinates - low) / np.asarray(self.chart.tile)).astype(np.intp)
        shape = tile.max(axis=0, initial=0) + 1
        key = tile[:, 1] * shape[0] + tile[:, 0]
        order = np.argsort(key, kind="stable")
        starts = np.searchsorted(key[order], np.arange(shape[0] * shape[1] + 1))
        return low, shape, order, starts

    def _inside(self, window: tuple[float, float, float, float]) -> Integers:
        low, shape, order, starts = self._tiles
        size = np.asarray(self.chart.tile)
        first = np.floor((np.array(window[:2]) - low) / size)
        last = np.floor((np.array(window[2:]) - low) / size)
        (a0, b0), (a1, b1) = np.maximum(first, 0).astype(int), np.minimum(last, shape - 1).astype(int)
        if a1 < a0 or b1 < b0:
            return np.zeros(0, dtype=np.intp)
        lines = np.arange(b0, b1 + 1) * shape[0]
        rows = np.concatenate([order[starts[line + a0] : starts[line + a1 + 1]] for line in lines])
        a, b = self.coordinates[rows, 0], self.coordinates[rows, 1]
        return rows[(a >= window[0]) & (a <= window[2]) & (b >= window[1]) & (b <= window[3])]
