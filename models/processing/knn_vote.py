"""Labels of points from labels of a range image, by a vote of the nearest neighbours in range.

Source: Milioto, Vizzo, Behley, Stachniss, "RangeNet++", IROS 2019, section III (point cloud post-processing), with the
parameters and border rules of 3D-MiniNet's release.
"""

import functools

import torch
from torch import Tensor
from torch.nn import functional

WINDOW = 7
NEIGHBOURS = 7
SIGMA_PX = 1.0
CUTOFF_M = 2.0
PADDING = WINDOW // 2
CENTRE = WINDOW * WINDOW // 2
NOBODY = -1000


def knn_vote(pixel_labels: Tensor, ranges: Tensor, pixels: Tensor, point_ranges: Tensor, num_classes: int) -> Tensor:
    """Let the pixels around each point that are nearest to it in range vote on its class.

    Class 0 (unlabeled) has no vote; where nobody votes the point gets class 1. Positions outside the image have range 0
    and label 0; empty pixels are infinitely far.

    Args:
        pixel_labels: (H, W) integer labels of the range image.
        ranges: (H, W) float32 range of each pixel's owner in metres, negative where empty.
        pixels: (N,) int64 flat pixel index of every point.
        point_ranges: (N,) float32 range of every point in metres.
        num_classes: number of classes, class 0 included.

    Returns:
        (N,) int64 class of every point, 1..num_classes - 1.
    """
    labels = pixel_labels.flatten()[pixels].long()
    contested = _contested(pixel_labels, ranges).flatten()[pixels].nonzero()[:, 0]
    labels[contested] = _vote(pixel_labels, ranges, pixels[contested], point_ranges[contested], num_classes)
    return labels


def _contested(pixel_labels: Tensor, ranges: Tensor) -> Tensor:
    """Return (H, W): whether another class than the pixel's own can win there.

    The point's own pixel always votes, so where its window holds no other class that has a vote, nothing can win but
    its own; only the rest needs the neighbours.
    """
    may_vote = (ranges >= 0) & (pixel_labels > 0)
    own = pixel_labels.to(torch.int16)
    highest = _window_maximum(torch.where(may_vote, own, NOBODY))
    lowest = -_window_maximum(torch.where(may_vote, -own, NOBODY))
    return (highest != own) | (lowest != own)


def _window_maximum(values: Tensor) -> Tensor:
    """Return (H, W): the maximum over the window around each pixel, along columns and then along rows."""
    for axis in (0, 1):
        side = values.shape[axis]
        padding = (0, 0, PADDING, PADDING) if axis == 0 else (PADDING, PADDING)
        padded = functional.pad(values, padding, value=NOBODY)
        values = functools.reduce(torch.maximum, (padded.narrow(axis, step, side) for step in range(WINDOW)))
    return values


def _vote(pixel_labels: Tensor, ranges: Tensor, pixels: Tensor, point_ranges: Tensor, num_classes: int) -> Tensor:
    """Vote for the given points; shapes as in `knn_vote`."""
    width = ranges.shape[1]
    padding = (PADDING,) * 4
    padded_ranges = functional.pad(torch.where(ranges < 0, torch.inf, ranges), padding).flatten()
    padded_labels = functional.pad(pixel_labels.long(), padding).flatten()
    padded_width = width + 2 * PADDING
    steps = torch.arange(WINDOW, device=pixels.device)
    window = (steps[:, None] * padded_width + steps).flatten()
    corners = pixels // width * padded_width + pixels % width
    positions = corners[:, None] + window

    distances = (padded_ranges[positions] - point_ranges[:, None]).abs() * _distance_weights(ranges)
    distances[:, CENTRE] = 0
    nearest, order = distances.topk(NEIGHBOURS, largest=False, sorted=False)
    voters = padded_labels[positions.gather(1, order)]
    ballots = torch.zeros(len(pixels), num_classes, dtype=torch.int16, device=pixels.device)
    ballots.scatter_add_(1, voters, (nearest <= CUTOFF_M).to(torch.int16))
    return ballots[:, 1:].argmax(1) + 1


def _distance_weights(like: Tensor) -> Tensor:
    """Return (49,): one minus a normalised Gaussian, which favours the pixels nearby a little."""
    offsets = torch.arange(-PADDING, PADDING + 1, device=like.device, dtype=like.dtype)
    gaussian = torch.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * SIGMA_PX**2)).flatten()
    return 1 - gaussian / gaussian.sum()
