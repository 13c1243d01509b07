"""The feature transform is exact: no pixel of the set is nearer than the one named."""

import numpy as np
import pytest
from scipy import ndimage

from worker.calibration.feature_transform import nearest_pixels


def transformed(pixels: np.ndarray, margin: int) -> np.ndarray:
    nearest = np.empty((pixels.shape[0] + 2 * margin, pixels.shape[1] + 2 * margin, 2), np.int16)
    nearest_pixels(pixels, margin, nearest)
    return nearest


@pytest.mark.parametrize("seed", range(40))
def test_the_distances_are_those_of_scipy(seed):
    """For sets of any density, images of any shape and margins of any width."""
    rng = np.random.default_rng(seed)
    pixels = rng.random(rng.integers(1, 40, 2)) < rng.choice([0.003, 0.02, 0.3, 0.9])
    pixels[tuple(rng.integers(pixels.shape))] = True
    margin = int(rng.integers(0, 20))
    nearest = transformed(pixels, margin)
    assert pixels[nearest[..., 1], nearest[..., 0]].all()
    rows, columns = np.indices(nearest.shape[:2]) - margin
    distances = np.hypot(nearest[..., 0] - columns, nearest[..., 1] - rows)
    expected = ndimage.distance_transform_edt(~np.pad(pixels, margin))
    np.testing.assert_allclose(distances, expected, atol=1e-9)


def test_one_pixel_is_nearest_everywhere():
    """Columns without a pixel of the set and rows far away included."""
    pixels = np.zeros((5, 9), bool)
    pixels[4, 8] = True
    assert (transformed(pixels, 3) == [8, 4]).all()
