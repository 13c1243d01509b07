"""Bilinear resize of 8-bit images in the fixed-point arithmetic of OpenCV's `INTER_LINEAR`.

Networks trained on images that OpenCV resized answer a little differently to any other rounding; this reproduces it
bit for bit without depending on OpenCV.
"""

import numpy as np
import numpy.typing as npt

WEIGHT_ONE = 2048


def resize_bilinear(image: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resize an image, pixel centres at half-integers, without anti-aliasing.

    Args:
        image: (h, w, channels) uint8.
        size: (height, width) wanted.

    Returns:
        (height, width, channels) uint8.
    """
    height, width = size
    columns, column_weights = _taps(image.shape[1], width, reset_at_border=True)
    rows, row_weights = _taps(image.shape[0], height, reset_at_border=False)
    blend = _weighted(image.astype(np.int32), columns, column_weights[:, :, None], axis=1, shift=0)
    blend >>= 4
    blend = _weighted(blend, rows, row_weights[:, :, None, None], axis=0, shift=16)
    blend += 2
    blend >>= 2
    return blend.astype(np.uint8)


def _weighted(
    source: npt.NDArray[np.int32],
    indices: npt.NDArray[np.intp],
    weights: npt.NDArray[np.int32],
    axis: int,
    shift: int,
) -> npt.NDArray[np.int32]:
    """Return the sum of both neighbours along an axis, each weighted and then shifted right; in place where it can."""
    first, second = (source.take(index, axis) for index in indices)
    first *= weights[0]
    second *= weights[1]
    first >>= shift
    second >>= shift
    first += second
    return first


def _taps(source: int, target: int, *, reset_at_border: bool) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    """Return the two source indices (2, target) of every target index and their integer weights (2, target)."""
    positions = ((np.arange(target) + 0.5) * (source / target) - 0.5).astype(np.float32)
    first = np.floor(positions)
    fraction = positions - first
    if reset_at_border:
        fraction[(first < 0) | (first >= source - 1)] = 0
    index = first.astype(np.intp)
    indices = np.stack([index, index + 1]).clip(0, source - 1)
    weights = np.rint(WEIGHT_ONE * np.stack([np.float32(1) - fraction, fraction])).astype(np.int32)
    return indices, weights
