"""Spherical projection of a LiDAR sweep onto a range image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EMPTY = -1


@dataclass(frozen=True)
class RangeImageGeometry:
    """Rows linear in elevation between the two limits, columns linear in azimuth over the full circle.

    Attributes:
        height: number of rows.
        width: number of columns.
        fov_up_deg: elevation of the upper edge.
        fov_down_deg: elevation of the lower edge, negative below the horizon.
    """

    height: int = 64
    width: int = 2048
    fov_up_deg: float = 3.0
    fov_down_deg: float = -25.0


@dataclass(frozen=True)
class RangeImage:
    """A sweep of N points seen from the LiDAR.

    Attributes:
        ranges: (H, W) float32 range of each pixel's nearest point in metres, -1 where no point fell.
        owners: (H, W) int64 index of that point, -1 where none; among equal ranges the lower index owns the pixel.
        pixels: (N,) int64 flat pixel index (row * W + column) of every point, owner or not.
        point_ranges: (N,) float32 range of every point in metres.
    """

    ranges: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]
    point_ranges: npt.NDArray[np.float32]


def project(xyz: npt.NDArray[np.float32], geometry: RangeImageGeometry) -> RangeImage:
    """Project points of the LiDAR frame (x forward, y left, z up) onto a range image.

    Straight ahead is the middle column, columns grow to the right, the cut is straight behind. Points above or below
    the field of view land in the first or last row. Angles are float32: points at a column's edge depend on it.

    Args:
        xyz: (N, 3) float32 points in metres, finite, none at the origin.
        geometry: size and field of view of the range image.

    Returns:
        The range image and where each point fell on it.
    """
    height, width = geometry.height, geometry.width
    point_ranges = np.linalg.norm(xyz, axis=1)
    yaw = -np.arctan2(xyz[:, 1], xyz[:, 0])
    pitch = np.arcsin(xyz[:, 2] / point_ranges)
    down = np.deg2rad(abs(geometry.fov_down_deg)).item()
    fov = down + np.deg2rad(abs(geometry.fov_up_deg)).item()
    columns = np.floor(0.5 * (yaw / np.pi + 1.0) * width)
    rows = np.floor((1.0 - (pitch + down) / fov) * height)
    pixels = np.clip(rows, 0, height - 1).astype(np.int64) * width + np.clip(columns, 0, width - 1).astype(np.int64)

    owners = _nearest_per_pixel(pixels, point_ranges, height * width)
    ranges = np.where(owners == EMPTY, np.float32(EMPTY), point_ranges[owners])
    return RangeImage(ranges.reshape(height, width), owners.reshape(height, width), pixels, point_ranges)


def _nearest_per_pixel(
    pixels: npt.NDArray[np.int64], ranges: npt.NDArray[np.float32], num_pixels: int
) -> npt.NDArray[np.int64]:
    """Return the index of the nearest point of each pixel, the lower index among equals, or EMPTY."""
    # Bits of non-negative floats sort like the floats, so range and index form one integer to minimise.
    keys = (ranges.view(np.uint32).astype(np.int64) << 32) | np.arange(len(ranges))
    nearest = np.full(num_pixels, np.iinfo(np.int64).max)
    np.minimum.at(nearest, pixels, keys)
    return np.where(nearest == np.iinfo(np.int64).max, EMPTY, nearest & 0xFFFFFFFF)
