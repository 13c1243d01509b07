"""The input channels of 3D-MiniNet."""

import numpy as np
import torch

from models.processing.point_features import BLOCK, DEVIATIONS, MEANS, point_features
from models.processing.range_image import RangeImageGeometry, project

GEOMETRY = RangeImageGeometry(height=8, width=16)


def _sweep() -> np.ndarray:
    rng = np.random.default_rng(7)
    points = rng.normal(0, 8, (60, 4)).astype(np.float32)
    points[:, 3] = rng.uniform(0, 1, 60)
    return points


def test_features_equal_a_loop_over_blocks():
    """Absolute and relative channels, block by block, point number 0 left out as in training."""
    points = _sweep()
    image = project(points[:, :3], GEOMETRY)
    features = point_features(points, image)[0].numpy()
    raw = np.concatenate([image.point_ranges[:, None], points], 1)
    wanted = np.zeros((11, GEOMETRY.height, GEOMETRY.width), np.float32)
    for top in range(0, GEOMETRY.height, BLOCK):
        for left in range(0, GEOMETRY.width, BLOCK):
            pixels = [(v, u) for v in range(top, top + BLOCK) for u in range(left, left + BLOCK)]
            seen = [(v, u) for v, u in pixels if image.owners[v, u] > 0]
            for v, u in seen:
                values = raw[image.owners[v, u]]
                relative = values - np.mean([raw[image.owners[p]] for p in seen], axis=0)
                wanted[:5, v, u] = (values - np.array(MEANS)) / np.array(DEVIATIONS)
                wanted[5:10, v, u] = relative
                wanted[10, v, u] = np.linalg.norm(relative[1:4])
    np.testing.assert_allclose(features, wanted, atol=1e-4)


def test_the_pixel_of_point_zero_counts_as_empty():
    """The network never saw that pixel filled, so its features are zero although the point owns it."""
    points = _sweep()[:1]
    image = project(points[:, :3], GEOMETRY)
    assert image.owners.flat[image.pixels[0]] == 0
    assert not point_features(points, image).any()


def test_channels_lie_innermost_in_memory():
    """The convolutions run on channels-last tensors."""
    points = _sweep()
    features = point_features(points, project(points[:, :3], GEOMETRY))
    assert features.is_contiguous(memory_format=torch.channels_last)
