"""The spherical projection."""

import numpy as np
import pytest

from models.processing.range_image import EMPTY, RangeImageGeometry, project

GEOMETRY = RangeImageGeometry()


def _at(azimuth_deg: float, elevation_deg: float, distance: float) -> np.ndarray:
    azimuth, elevation = np.deg2rad(azimuth_deg), np.deg2rad(elevation_deg)
    direction = [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    return (distance * np.array(direction, np.float32))[None]


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "row", "column"),
    [
        (0, -11.1, 32, 1024),  # straight ahead, mid elevation
        (90, -11.1, 32, 512),  # left
        (-90.01, -11.1, 32, 1536),  # right
        (0, 20, 0, 1024),  # above the field of view
        (0, -40, 63, 1024),  # below it
        (179.99, -11.1, 32, 0),  # behind, on either side of the cut
        (-179.99, -11.1, 32, 2047),
    ],
)
def test_directions_land_where_the_convention_says(azimuth_deg, elevation_deg, row, column):
    """Ahead is the middle column, left is left of it, and what is outside the field of view is kept at its edge."""
    image = project(_at(azimuth_deg, elevation_deg, 10.0), GEOMETRY)
    assert divmod(int(image.pixels[0]), GEOMETRY.width) == (row, column)


def test_the_nearest_point_owns_its_pixel_and_equal_ranges_go_to_the_lower_index():
    """Owners follow range first and order second, whatever the order of the points."""
    near, far = _at(0, -11.1, 5.0), _at(0, -11.1, 9.0)
    points = np.concatenate([far, near, near, far])
    image = project(points, GEOMETRY)
    assert image.owners.flat[image.pixels[0]] == 1
    assert image.ranges.flat[image.pixels[0]] == image.point_ranges[1]
    assert (image.owners != EMPTY).sum() == 1
    assert (image.ranges == EMPTY).sum() == GEOMETRY.height * GEOMETRY.width - 1


def test_owners_are_the_nearest_points_of_a_crowded_sweep():
    """Against a plain loop over random points, many to a pixel."""
    rng = np.random.default_rng(6)
    points = rng.normal(0, 10, (5000, 3)).astype(np.float32)
    geometry = RangeImageGeometry(height=8, width=16)
    image = project(points, geometry)
    nearest: dict[int, int] = {}
    for index, pixel in enumerate(image.pixels.tolist()):
        if pixel not in nearest or image.point_ranges[index] < image.point_ranges[nearest[pixel]]:
            nearest[pixel] = index
    owners = {int(pixel): int(image.owners.flat[pixel]) for pixel in np.flatnonzero(image.owners != EMPTY)}
    assert owners == nearest
