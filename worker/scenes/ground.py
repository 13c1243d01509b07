"""The ground: a road with a centre line, kerbs and sidewalks, a side street, and the land beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.semantics import Semantic

_EASING_M = 45.0
"""Curvature and change of grade fade out over about this distance from the vehicle."""
_CORNER_M = 4.0
"""Radius of the kerb at the corner of a side street."""
_STEEPEST = 0.15
"""Bounds the rise of the land as seen from the vehicle: rays that climb faster never meet the ground."""

_TOLERANCE_M, _ITERATIONS = 2e-4, 30
"""A ray has met the ground when it is this near to it, or after so many steps."""


@dataclass(frozen=True)
class Ground:
    """A height field z(x, y) in the world frame: the vehicle stands at (0, 0) on z = 0 and looks along +x.

    Attributes:
        centre_offset: y of the centre line beside the vehicle, metres.
        heading: slope dy/dx of the centre line beside the vehicle.
        curvature: of the centre line there, 1/m; positive bends left.
        grade: slope dz/dx of the road there.
        grade_change: 1/m, bends the road up (positive) or down further on.
        half_width: from the centre line to the kerb, metres.
        kerb_height: metres.
        verge: width of a grass strip between kerb and sidewalk, metres; 0 for none.
        sidewalk: width of the sidewalk, metres.
        bank: slope of the land beyond the sidewalk, away from the road.
        relief: height of its undulations, metres.
        paved_yards: the land beyond the sidewalk is paved like it.
        crossing: (x, half width) of a side street, metres, or None.
    """

    centre_offset: float
    heading: float
    curvature: float
    grade: float
    grade_change: float
    half_width: float
    kerb_height: float = 0.12
    verge: float = 0.0
    sidewalk: float = 2.0
    bank: float = 0.02
    relief: float = 0.3
    paved_yards: bool = False
    crossing: tuple[float, float] | None = None

    def centre_line(self, x: Floats) -> tuple[Floats, Floats]:
        """Return y and slope dy/dx of the centre line at x."""
        bow, slope = _eased_bend(x)
        y = self.centre_offset + self.heading * x + self.curvature * bow
        return y, self.heading + self.curvature * slope

    def along(self, station: float, lateral: float) -> tuple[float, float, float]:
        """Return (x, y, yaw) at a lateral distance left of the centre line's point at x = station."""
        y, slope = self.centre_line(np.array([station]))
        yaw = float(np.arctan(slope[0]))
        return station - lateral * np.sin(yaw), float(y[0]) + lateral * np.cos(yaw), yaw

    def lateral(self, x: Floats, y: Floats) -> Floats:
        """Return the distance left of the centre line, metres."""
        centre, slope = self.centre_line(x)
        return (y - centre) / np.sqrt(1.0 + slope * slope)

    def kerb_distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance outside the kerb of the nearest street, negative on the carriageway."""
        outside = np.abs(self.lateral(x, y)) - self.half_width
        if self.crossing is None:
            return outside
        across = np.abs(x - self.crossing[0]) - self.crossing[1]
        blend = np.maximum(_CORNER_M - np.abs(outside - across), 0.0)
        return np.minimum(outside, across) - blend * blend / (4.0 * _CORNER_M)

    def heights(self, x: Floats, y: Floats) -> Floats:
        """Return z at (x, y), each (n,), metres."""
        bow, _ = _eased_bend(x)
        outside = self.kerb_distance(x, y)
        land = np.maximum(outside - self.yard_start, 0.0)
        swell = np.sin(0.13 * x + 1.0) + np.sin(0.11 * y - 0.07 * x) + 0.5 * np.sin(0.31 * x + 0.27 * y)
        relief = self.relief * swell * np.minimum(land / 15.0, 1.0)
        along = self.grade * x + self.grade_change * bow
        return along + self._cross_section(outside) + self.bank * np.minimum(land, 60.0) + relief

    def height(self, x: float, y: float) -> float:
        """Return z at one place, metres."""
        return float(self.heights(np.array([x]), np.array([y]))[0])

    def normals(self, x: Floats, y: Floats) -> Floats:
        """Return unit normals (n, 3) at (x, y)."""
        reach = 0.02
        dz_dx = (self.heights(x + reach, y) - self.heights(x - reach, y)) / (2 * reach)
        dz_dy = (self.heights(x, y + reach) - self.heights(x, y - reach)) / (2 * reach)
        normals = np.column_stack([-dz_dx, -dz_dy, np.ones_like(dz_dx)])
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)

    def semantics(self, x: Floats, y: Floats) -> Integers:
        """Return the code of the class at (x, y), (n,)."""
        outside = self.kerb_distance(x, y)
        yard = Semantic.SIDEWALK if self.paved_yards else Semantic.TERRAIN
        codes = np.full(outside.shape, yard.code, dtype=np.int32)
        codes[outside < self.yard_start] = Semantic.SIDEWALK.code
        codes[self.on_verge(outside)] = Semantic.TERRAIN.code
        codes[outside < 0] = Semantic.ROAD.code
        return codes

    def on_verge(self, outside: Floats) -> Mask:
        """Return where a kerb distance lies on the grass strip between kerb stone and sidewalk."""
        return (outside > self.kerb_width) & (outside < self.kerb_width + self.verge)

    @property
    def kerb_width(self) -> float:
        """Width of the kerb stone, metres."""
        return 0.16

    @property
    def yard_start(self) -> float:
        """Kerb distance at which the sidewalk ends, metres."""
        return self.kerb_width + self.verge + self.sidewalk

    def _cross_section(self, outside: Floats) -> Floats:
        """Return heights over the kerb distance: crowned road, kerb face of 2 cm depth, sidewalk that drains.

        The vehicle stands on z = 0 at its own place across the crown.
        """
        fall = 0.02
        crown = -fall * np.minimum(outside + self.half_width - abs(self.centre_offset), self._to_kerb)
        kerb = self.kerb_height * np.clip(outside * 50.0, 0.0, 1.0)
        return crown + kerb + fall * np.clip(outside - self.kerb_width, 0.0, self.verge + self.sidewalk)

    @property
    def _to_kerb(self) -> float:
        return self.half_width - abs(self.centre_offset)

    def distances(self, origins: Floats, directions: Floats, limits: Floats) -> Floats:
        """Return where rays from above first meet the ground, infinite where they do not within their limit.

        Args:
            origins: (1, 3), world frame.
            directions: (n, 3), unit length.
            limits: (n,) metres, finite.
        """
        distances = np.full(len(directions), np.inf, dtype=np.float32)
        origin = origins[0].astype(np.float32)
        clearance = float(origin[2]) - self.height(float(origin[0]), float(origin[1]))
        rows = np.flatnonzero(directions[:, 2] < _STEEPEST * np.linalg.norm(directions[:, :2], axis=1))
        # No ray can meet the ground before this: the land rises less than _STEEPEST, and the kerb only once.
        lower = (clearance - self.kerb_height) / (np.maximum(-directions[rows, 2], 0.0) + _STEEPEST)
        lower_gap = self._gap(origin, directions[rows], lower)
        while len(rows):
            upper = np.minimum(lower * np.float32(1.2), limits[rows])
            gap = self._gap(origin, directions[rows], upper)
            below = gap <= 0
            if below.any():
                distances[rows[below]] = self._root(
                    origin,
                    directions[rows[below]],
                    low=lower[below],
                    high=upper[below],
                    low_gap=lower_gap[below],
                    high_gap=gap[below],
                )
            open_rows = ~below & (upper < limits[rows])
            rows, lower, lower_gap = rows[open_rows], upper[open_rows], gap[open_rows]
        return distances

    def _gap(self, origin: Floats, directions: Floats, distances: Floats) -> Floats:
        points = origin + distances[:, None] * directions
        return points[:, 2] - self.heights(points[:, 0], points[:, 1])

    def _root(
        self, origin: Floats, directions: Floats, *, low: Floats, high: Floats, low_gap: Floats, high_gap: Floats
    ) -> Floats:
        """Return the zero of the gap between low (gap > 0) and high (gap <= 0); regula falsi, Illinois variant."""
        result = high.copy()
        rows, last_side = np.arange(len(low)), np.zeros(len(low), dtype=int)
        for _ in range(_ITERATIONS):
            middle = low + (high - low) * low_gap / np.maximum(low_gap - high_gap, 1e-12)
            result[rows] = middle
            gap = self._gap(origin, directions[rows], middle)
            side = np.where(gap > 0, 1, -1)
            again = side == last_side
            high_gap = np.where(side > 0, np.where(again, high_gap * 0.5, high_gap), gap)
            low_gap = np.where(side > 0, gap, np.where(again, low_gap * 0.5, low_gap))
            low, high = np.where(side > 0, middle, low), np.where(side > 0, high, middle)
            going = np.abs(gap) > _TOLERANCE_M
            if not going.any():
                break
            rows, last_side = rows[going], side[going]
            low, high, low_gap, high_gap = low[going], high[going], low_gap[going], high_gap[going]
        return result


def _eased_bend(x: Floats) -> tuple[Floats, Floats]:
    """Return a curve of curvature 1 at x = 0 that straightens out, and its slope."""
    root = np.sqrt(1.0 + (x / _EASING_M) ** 2)
    return _EASING_M**2 * (root - 1.0), x / root
