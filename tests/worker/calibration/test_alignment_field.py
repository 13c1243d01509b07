"""The alignment field finds the nearest P_c pixel of every place on and around the image."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from worker.calibration.alignment_field import MARGIN_PX, AlignmentField


def random_mask(height: int = 40, width: int = 60, share: float = 0.02, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < share


def distances(field: AlignmentField, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    nearest_u, nearest_v = field.lookup(torch.from_numpy(u), torch.from_numpy(v))
    return np.hypot(u - nearest_u.numpy(), v - nearest_v.numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_nearest_pixel_of_every_pixel_centre_is_exact(dtype):
    """At pixel centres, in the margin too, no P_c pixel is nearer than the one found, and it is one of P_c."""
    mask = random_mask()
    u, v = np.meshgrid(np.arange(-MARGIN_PX, 60 + MARGIN_PX), np.arange(-MARGIN_PX, 40 + MARGIN_PX))
    field = AlignmentField.from_pixels(mask)
    nearest_u, nearest_v = field.lookup(torch.as_tensor(u, dtype=dtype), torch.as_tensor(v, dtype=dtype))
    assert nearest_u.dtype == dtype
    assert mask[nearest_v.int().numpy(), nearest_u.int().numpy()].all()
    expected, _ = cKDTree(np.argwhere(mask)).query(np.stack([v, u], -1))
    np.testing.assert_allclose(np.hypot(u - nearest_u.numpy(), v - nearest_v.numpy()), expected, atol=1e-5)


def test_between_pixel_centres_the_distance_is_off_by_less_than_a_pixel_diagonal():
    """The pixel found is never farther than the true nearest by more than the way to the pixel centre and back."""
    mask = random_mask()
    u, v = np.random.default_rng(1).uniform([[-30], [-30]], [[90], [70]], (2, 5000))
    expected, _ = cKDTree(np.argwhere(mask)).query(np.stack([v, u], -1))
    found = distances(AlignmentField.from_pixels(mask), u, v)
    assert (found >= expected - 1e-9).all()
    assert (found <= expected + np.sqrt(2)).all()


def test_rows_are_v_and_columns_are_u():
    """A single pixel at row 2, column 7 is found as u = 7, v = 2 from everywhere."""
    mask = np.zeros((10, 20), bool)
    mask[2, 7] = True
    nearest_u, nearest_v = AlignmentField.from_pixels(mask).lookup(torch.tensor([0.0, 19.0]), torch.tensor([9.0, 0.0]))
    assert nearest_u.tolist() == [7, 7]
    assert nearest_v.tolist() == [2, 2]


def test_places_beyond_the_margin_take_the_value_of_its_border():
    """Nothing is looked up outside the table, however far away."""
    mask = random_mask()
    far_u, far_v = AlignmentField.from_pixels(mask).lookup(torch.tensor([-1e30, 1e30]), torch.tensor([1e30, -1e30]))
    assert mask[far_v.int().numpy(), far_u.int().numpy()].all()


def test_large_images_are_indexed_exactly():
    """Where single precision cannot count the pixels any more, the right one is still found."""
    mask = np.zeros((4200, 4100), bool)
    mask[4199, 4000:4010] = True
    u = torch.arange(4000.0, 4010.0)
    nearest_u, nearest_v = AlignmentField.from_pixels(mask).lookup(u, torch.full((10,), 4199.0))
    assert nearest_u.tolist() == u.tolist()
    assert nearest_v.tolist() == [4199] * 10


def test_very_wide_images_keep_their_columns():
    """A panorama wider than a 16-bit integer counts is read back as it is."""
    mask = np.zeros((2, 40_000), bool)
    mask[1, 39_990] = True
    nearest_u, _ = AlignmentField.from_pixels(mask).lookup(torch.tensor([39_995.0]), torch.tensor([0.0]))
    assert nearest_u.item() == 39_990


def test_an_empty_mask_is_refused():
    """Nothing is nearest in an empty set."""
    with pytest.raises(ValueError, match="empty pixel set"):
        AlignmentField.from_pixels(np.zeros((4, 4), bool))
