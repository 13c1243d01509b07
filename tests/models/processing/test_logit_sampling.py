"""Reading coarse logits at the pixels of an image."""

import pytest
import torch
from torch.nn import functional

from models.processing.logit_sampling import half_axis, image_axis, sample_all, sample_labels

SIZES = [((192, 624), (384, 1248), (376, 1241)), ((16, 48), (32, 96), (50, 150)), ((40, 56), (79, 111), (79, 111))]


def _smooth_logits(size: tuple[int, int]) -> torch.Tensor:
    torch.manual_seed(5)
    return functional.interpolate(torch.randn(1, 6, size[0] // 8, size[1] // 8), size, mode="bicubic")[0]


@pytest.mark.parametrize(("coarse", "network", "image"), SIZES)
def test_labels_are_those_of_the_two_enlargements(coarse, network, image):
    """Deciding most pixels from the agreement of their cells changes no label."""
    logits = _smooth_logits(coarse)
    enlarged = functional.interpolate(logits[None], network, mode="bilinear", align_corners=True)
    full = functional.interpolate(enlarged, image, mode="bilinear", align_corners=False)[0]
    labels = sample_labels(logits, *(image_axis(*side) for side in zip(coarse, network, image, strict=True)))
    assert labels.shape == image
    differs = labels != full.argmax(0)
    # Only ties within rounding may fall either way.
    best, second = full.topk(2, 0).values
    assert (best - second)[differs].le(1e-5).all()
    assert differs.float().mean() < 1e-3


@pytest.mark.parametrize(("coarse", "network", "image"), SIZES[:2])
def test_half_resolution_averages_two_by_two_network_pixels(coarse, network, image):
    """The grid of the scores lies on the network's frame like pixels twice as large."""
    logits = _smooth_logits(coarse)
    enlarged = functional.interpolate(logits[None], network, mode="bilinear", align_corners=True)
    wanted = functional.avg_pool2d(enlarged, 2)[0].permute(1, 2, 0)
    sampled = sample_all(logits, *(half_axis(*side) for side in zip(coarse, network, strict=True)))
    torch.testing.assert_close(sampled, wanted, atol=1e-5, rtol=1e-5)


def test_a_constant_map_stays_constant_up_to_the_border():
    """Weights sum to one everywhere."""
    logits = torch.full((2, 16, 16), 3.5)
    sampled = sample_all(logits, image_axis(16, 32, 41), image_axis(16, 32, 29))
    torch.testing.assert_close(sampled, torch.full((41, 29, 2), 3.5))
