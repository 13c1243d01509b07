"""Channel maps: looked up between grid cells, at the nearest, and outside of the image."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from worker.calibration.robust.maps import ChannelMaps, blurred, shrunk

RNG = np.random.default_rng(0)
CHANNELS = RNG.random((3, 7, 11)).astype(np.float32)


def maps(scale: float = 1.0) -> ChannelMaps:
    return ChannelMaps.from_channels(np.moveaxis(CHANNELS, 0, -1), scale, scale, torch.float64)


def places(scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Places between the centres of the outermost cells, in pixels of the image."""
    u, v = RNG.uniform([[0.01], [0.01]], [[9.98], [5.98]], (2, 200))
    return torch.from_numpy((u + 0.5) / scale - 0.5), torch.from_numpy((v + 0.5) / scale - 0.5)


class TestBilinear:
    """Interpolation between the four cells around a place."""

    @pytest.mark.parametrize("scale", [1.0, 0.5])
    def test_it_is_what_scipy_says(self, scale):
        """Values equal first-order spline interpolation, on a coarser grid too."""
        u, v = places(scale)
        grid = np.stack([(v.numpy() + 0.5) * scale - 0.5, (u.numpy() + 0.5) * scale - 0.5])
        expected = np.stack([ndimage.map_coordinates(c.astype(float), grid, order=1) for c in CHANNELS], -1)
        np.testing.assert_allclose(maps(scale).bilinear(u, v)[0], expected, atol=1e-12)

    @pytest.mark.parametrize("scale", [1.0, 0.5])
    def test_derivatives_are_per_pixel_of_the_image(self, scale):
        """They agree with central differences of the value, whatever the grid."""
        u, v = places(scale)
        table, step = maps(scale), 1e-7
        _, along_u, along_v = table.bilinear(u, v)
        numeric_u = (table.bilinear(u + step, v)[0] - table.bilinear(u - step, v)[0]) / (2 * step)
        numeric_v = (table.bilinear(u, v + step)[0] - table.bilinear(u, v - step)[0]) / (2 * step)
        torch.testing.assert_close(along_u, numeric_u, rtol=0, atol=1e-6)
        torch.testing.assert_close(along_v, numeric_v, rtol=0, atol=1e-6)

    def test_places_beyond_the_last_cell_take_its_value(self):
        """Half a pixel of the image lies outside of the outermost centres."""
        value, *slopes = maps().bilinear(*torch.tensor([[-0.5, 10.49], [-0.5, 6.49]], dtype=torch.float64))
        np.testing.assert_allclose(value[0], CHANNELS[:, 0, 0], atol=1e-6)
        np.testing.assert_allclose(value[1], CHANNELS[:, -1, -1], atol=2e-3)
        assert not torch.stack(slopes).any()


class TestNearest:
    """The cell that holds a place."""

    def test_every_pixel_reads_its_own_cell(self):
        """At pixel centres the lookup is the array."""
        v, u = torch.meshgrid(torch.arange(7.0), torch.arange(11.0), indexing="ij")
        found = maps().nearest(u.clone(), v.clone(), torch.ones_like(u, dtype=torch.bool))
        np.testing.assert_array_equal(found.permute(2, 0, 1), CHANNELS)

    def test_a_coarser_cell_spans_its_pixels(self):
        """With two pixels a cell, pixels 2 and 3 share cell 1, borders included."""
        u = torch.tensor([1.49, 1.51, 2.0, 3.0, 3.49, 3.51])
        found = maps(0.5).nearest(u, torch.zeros(6), torch.ones(6, dtype=torch.bool))
        np.testing.assert_array_equal(found[:, 0], CHANNELS[0, 0, [0, 1, 1, 1, 1, 2]])

    def test_what_is_not_visible_has_no_channels(self):
        """Hidden places read zeros, in whatever shape they come."""
        u = torch.full((2, 3), 4.0)
        visible = torch.tensor([[True, False, True], [False, False, False]])
        found = maps().nearest(u, u.clone(), visible)
        assert found.shape == (2, 3, 3)
        np.testing.assert_array_equal(found[~visible], 0)
        assert (found[visible] > 0).all()


def test_the_mean_leaves_the_row_outside_out():
    """Zeros that stand for outside of the image are no part of it."""
    np.testing.assert_allclose(maps().mean(), CHANNELS.mean((1, 2)), rtol=1e-6)


def test_areas_are_averaged():
    """Whole blocks become their means, channel by channel, five of them included; what does not divide is shared."""
    ramp = np.arange(12, dtype=np.float32).reshape(2, 6, 1)
    channels = np.concatenate([ramp + 100 * c for c in range(5)], -1)
    smaller = shrunk(channels, 2)
    np.testing.assert_allclose(smaller[0, :, 0], [3.5, 5.5, 7.5])
    np.testing.assert_allclose(smaller[0, :, 4], [403.5, 405.5, 407.5])
    assert shrunk(channels[:, :5], 2).shape == (1, 2, 5)
    assert shrunk(channels[:, :5], 2).mean() == pytest.approx(channels[:, :5].mean(), rel=1e-5)
    assert shrunk(channels, 1) is channels


def test_a_blur_keeps_the_mean_and_channels_apart():
    """A blur spreads what a channel has over its neighbourhood, and nothing into another channel."""
    dot = np.zeros((31, 31, 2), np.float32)
    dot[15, 15, 0] = 1
    spread = blurred(dot, 2.0)
    assert spread[..., 0].sum() == pytest.approx(1, abs=1e-5)
    assert spread[..., 0].max() == spread[15, 15, 0] < 0.1
    assert not spread[..., 1].any()
    np.testing.assert_array_equal(blurred(dot, 0), dot)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("sigma", [0.0, 2.0])
def test_a_blur_fills_the_table(channels: int, sigma: float):
    """Row by row, and the row that stands for what lies outside stays empty."""
    image = np.random.default_rng(0).random((9, 14, channels), np.float32)
    table = ChannelMaps.from_channels(image, 1.0, 1.0, sigma=sigma).table.numpy()
    np.testing.assert_array_equal(table[:-1].reshape(image.shape), blurred(image, sigma))
    assert not table[-1].any()
