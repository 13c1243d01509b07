"""The 8-bit bilinear resize."""

import hashlib

import numpy as np
import pytest

from models.processing.bilinear_resize import resize_bilinear


def _pixel_by_pixel(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize with scalars only, straight from the rule."""
    source_height, source_width, channels = image.shape
    result = np.zeros((height, width, channels), np.uint8)

    def weights(fraction: np.float32) -> tuple[int, int]:
        return int(np.rint(2048 * (np.float32(1) - fraction))), int(np.rint(2048 * fraction))

    for i in range(height):
        row = np.float32((i + 0.5) * (source_height / height) - 0.5)
        y = int(np.floor(row))
        c0, c1 = weights(row - np.float32(y))
        upper, lower = (min(max(index, 0), source_height - 1) for index in (y, y + 1))
        for j in range(width):
            column = np.float32((j + 0.5) * (source_width / width) - 0.5)
            x = int(np.floor(column))
            fraction = column - np.float32(x)
            if x < 0 or x >= source_width - 1:
                x, fraction = min(max(x, 0), source_width - 1), np.float32(0)
            a0, a1 = weights(fraction)
            neighbour = min(x + 1, source_width - 1)
            for k in range(channels):
                s0 = a0 * int(image[upper, x, k]) + a1 * int(image[upper, neighbour, k])
                s1 = a0 * int(image[lower, x, k]) + a1 * int(image[lower, neighbour, k])
                result[i, j, k] = (((c0 * (s0 >> 4)) >> 16) + ((c1 * (s1 >> 4)) >> 16) + 2) >> 2
    return result


@pytest.mark.parametrize(("source", "target"), [((7, 9), (12, 16)), ((16, 12), (8, 6)), ((11, 13), (5, 40))])
def test_it_follows_the_rule_of_each_pixel(source, target):
    """Enlarging, halving and mixed sizes equal a scalar evaluation of the rule."""
    image = np.random.default_rng(3).integers(0, 256, (*source, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize_bilinear(image, target), _pixel_by_pixel(image, *target))


def test_an_image_at_the_wanted_size_stays_as_it_is():
    """The identity is exact."""
    image = np.random.default_rng(4).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize_bilinear(image, (6, 8)), image)


@pytest.mark.parametrize("frame", ["kitti00_000000", "kitti00_001019", "kittidet_train_000000"])
def test_real_images_become_the_published_bytes(image_of, expected, frame):
    """Every byte of the resized picture is the one the reference fed to the network."""
    resized = resize_bilinear(image_of(frame), (384, 1248))
    published = str(expected("espnetv2_s2_cityscapes", frame)["net_input_rgb_sha256"])
    assert hashlib.sha256(resized.tobytes()).hexdigest() == published
