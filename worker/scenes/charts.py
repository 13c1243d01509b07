"""Charts: maps from rays to two coordinates, in which a solid's candidates can be looked up.

Each chart bounds the part of its plane that a convex body can cover, so that only the rays in there are tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from worker.scenes.arrays import Floats

Window = tuple[float, float, float, float]
"""Lowest first and second coordinate, highest first and second coordinate."""

_PAIRS = np.array(list(combinations(range(8), 2)))


class Chart(Protocol):
    """A map from rays to the plane."""

    @property
    def tile(self) -> tuple[float, float]:
        """Return a good tile size for looking rays up, in the units of the two coordinates."""
        ...

    def windows(self, corners: Floats) -> list[Window]:
        """Return windows that hold every ray which can meet the convex hull of world points (8, 3)."""
        ...


@dataclass(frozen=True)
class PinholeChart:
    """Pixel coordinates (u, v) of a camera.

    Attributes:
        K: (3, 3) intrinsics, pixels.
        T_cam_world: (4, 4).
        tile: see `Chart`.
    """

    K: Floats
    T_cam_world: Floats
    tile: tuple[float, float] = (16.0, 16.0)

    def windows(self, corners: Floats) -> list[Window]:
        """See `Chart.windows`; the hull is clipped at 1 cm before the camera."""
        points = corners @ self.T_cam_world[:3, :3].T + self.T_cam_world[:3, 3]
        near = 0.01
        ahead = points[:, 2] > near
        if not ahead.any():
            return []
        visible = [points[ahead]]
        if not ahead.all():
            first, second = points[_PAIRS[:, 0]], points[_PAIRS[:, 1]]
            crossing = ahead[_PAIRS[:, 0]] != ahead[_PAIRS[:, 1]]
            first, second = first[crossing], second[crossing]
            share = (near - first[:, 2]) / (second[:, 2] - first[:, 2])
            visible.append(first + share[:, None] * (second - first))
        pixels = np.concatenate(visible) @ self.K.T
        uv = pixels[:, :2] / pixels[:, 2:]
        (u0, v0), (u1, v1) = uv.min(axis=0), uv.max(axis=0)
        return [(u0, v0, u1, v1)]


@dataclass(frozen=True)
class SphericalChart:
    """Azimuth in (-pi, pi] and elevation about a sensor, radians.

    Attributes:
        T_sensor_world: (4, 4).
        tile: see `Chart`.
    """

    T_sensor_world: Floats
    tile: tuple[float, float] = (0.02, 0.02)

    def windows(self, corners: Floats) -> list[Window]:
        """See `Chart.windows`."""
        points = corners @ self.T_sensor_world[:3, :3].T + self.T_sensor_world[:3, 3]
        nearest = _distance_to_hull(points[:, :2])
        farthest = float(np.linalg.norm(points[:, :2], axis=1).max())
        low, high = float(points[:, 2].min()), float(points[:, 2].max())
        elevation_low = float(np.arctan2(low, nearest if low < 0 else farthest))
        elevation_high = float(np.arctan2(high, nearest if high > 0 else farthest))
        middle = points[:, :2].mean(axis=0)
        azimuth = np.arctan2(points[:, 1], points[:, 0]) - np.arctan2(middle[1], middle[0])
        azimuth = (azimuth + np.pi) % (2 * np.pi) - np.pi
        if nearest == 0.0 or np.ptp(azimuth) > np.pi:
            return [(-np.pi, elevation_low, np.pi, elevation_high)]
        centre = float(np.arctan2(middle[1], middle[0]))
        first, last = centre + float(azimuth.min()), centre + float(azimuth.max())
        turns = [turn for turn in (-2 * np.pi, 0.0, 2 * np.pi) if first + turn <= np.pi and last + turn >= -np.pi]
        return [(first + turn, elevation_low, last + turn, elevation_high) for turn in turns]


@dataclass(frozen=True)
class ParallelChart:
    """Coordinates across a bundle of parallel rays, metres.

    Attributes:
        axes: (3, 2) two unit vectors across the rays.
        tile: see `Chart`.
    """

    axes: Floats
    tile: tuple[float, float] = (1.0, 1.0)

    def windows(self, corners: Floats) -> list[Window]:
        """See `Chart.windows`."""
        across = corners @ self.axes
        (a0, b0), (a1, b1) = across.min(axis=0), across.max(axis=0)
        return [(a0, b0, a1, b1)]


def _distance_to_hull(points: Floats) -> float:
    """Return the distance from the origin to the hull of points (8, 2), 0 inside it."""
    angles = np.sort(np.arctan2(points[:, 1], points[:, 0]))
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    if gaps.max() < np.pi:
        return 0.0
    first, edge = points[_PAIRS[:, 0]], points[_PAIRS[:, 1]] - points[_PAIRS[:, 0]]
    length = np.maximum(np.einsum("ij,ij->i", edge, edge), 1e-12)
    share = np.clip(-np.einsum("ij,ij->i", first, edge) / length, 0.0, 1.0)
    return float(np.linalg.norm(first + share[:, None] * edge, axis=1).min())
