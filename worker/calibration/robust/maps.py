"""Image-sided maps that projected points look into: bilinear, with the gradient along u and v."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from numba import njit
from torch import Tensor

from worker.calibration.fused import OPTIONS


@dataclass(frozen=True)
class ChannelMaps:
    """C channels on a grid that spans the image.

    Attributes:
        table: (h w + 1, C), row by row, channel last, so that one place's channels lie together in memory; the last
            row is 0 and stands for every place outside the image.
        shape: (h, w).
        scale_u: grid columns per image pixel; column x lies at u = (x + 0.5) / scale_u - 0.5.
        scale_v: likewise for rows.
    """

    table: Tensor
    shape: tuple[int, int]
    scale_u: float
    scale_v: float

    @classmethod
    def from_channels(
        cls,
        channels: npt.NDArray[np.float32],
        scale_u: float,
        scale_v: float,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        *,
        sigma: float = 0.0,
    ) -> ChannelMaps:
        """Take channels (h, w, C), blurred by a Gaussian of `sigma` grid cells."""
        h, w, c = channels.shape
        table = np.empty((h * w + 1, c), np.float32)
        table[-1] = 0
        # Straight into the table: a copy of it takes as long as the blur.
        blurred(channels, sigma, out=table[:-1].reshape(h, w, c))
        return cls(torch.from_numpy(table).to(device=device, dtype=dtype), (h, w), scale_u, scale_v)

    def nearest(self, u: Tensor, v: Tensor, visible: Tensor) -> Tensor:
        """Return the channels (..., C) of the grid cells that hold the places (u, v), each (...), in image pixels.

        Places that are not `visible` (...) have none: 0.
        """
        h, w = self.shape
        x = ((u + 0.5) * self.scale_u).floor_().clamp_(0, w - 1)
        y = ((v + 0.5) * self.scale_v).floor_().clamp_(0, h - 1)
        index = torch.where(visible, y.mul_(w).add_(x), h * w).to(torch.int32)
        return self.table.index_select(0, index.view(-1)).view(*u.shape, self.table.shape[1])

    def mean(self) -> Tensor:
        """Return the mean (C,) of every channel over the grid."""
        return self.table[:-1].mean(0)

    def bilinear(self, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the channels (N, C) at places (u, v), each (N,), and their derivatives along u and v, per pixel.

        Places beyond the centres of the outermost cells take those cells' channels, which do not change outwards.
        """
        h, w = self.shape
        column, row = (u + 0.5) * self.scale_u - 0.5, (v + 0.5) * self.scale_v - 0.5
        x, y = column.clamp(0, w - 1.001), row.clamp(0, h - 1.001)
        x0, y0 = x.floor(), y.floor()
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        index = y0.to(torch.int32) * w + x0.to(torch.int32)
        top_left, top_right, low_left, low_right = (
            self.table.index_select(0, index + corner) for corner in (0, 1, w, w + 1)
        )
        top, low = torch.lerp(top_left, top_right, fx), torch.lerp(low_left, low_right, fx)
        slope_u, slope_v = (self.scale_u * (x == column))[:, None], (self.scale_v * (y == row))[:, None]
        along_u = torch.lerp(top_right - top_left, low_right - low_left, fy) * slope_u
        return torch.lerp(top, low, fy), along_u, (low - top) * slope_v


def brightness(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the luma (H, W) of an image (H, W, 3) RGB, 0 to 255, smoothed by a pixel against sensor noise."""
    return blurred(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), 1.0)


def blurred(
    channels: npt.NDArray[np.float32], sigma: float, *, out: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """Blur channels (h, w) or (h, w, C) by a Gaussian of `sigma` grid cells, into `out` where there is one."""
    out = np.empty_like(channels) if out is None else out
    if sigma <= 0:
        out[...] = channels
        return out
    size = 2 * int(3 * sigma + 0.5) + 1
    cv2.GaussianBlur(np.ascontiguousarray(channels), (size, size), sigma, dst=out, borderType=cv2.BORDER_REPLICATE)
    return out


def shrunk(channels: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Shrink channels (h, w, C) by averaging areas of about `factor` x `factor` cells; what remains spans the same."""
    if factor <= 1:
        return channels
    smaller = np.zeros((*_smaller(channels.shape[:2], factor), channels.shape[2]), np.float32)
    _average(np.ascontiguousarray(channels), np.zeros((1, 1), np.uint8), smaller)
    return smaller


def shares(levels: npt.NDArray[np.uint8], count: int, factor: int) -> npt.NDArray[np.float32]:
    """Return the share (h, w, count) of each of `count` levels (H, W) in areas of about `factor` x `factor` cells."""
    found = np.zeros((*_smaller(levels.shape, max(1, factor)), count), np.float32)
    _average(np.zeros((1, 1, 0), np.float32), np.ascontiguousarray(levels), found)
    return found


def _smaller(shape: Sequence[int], factor: int) -> tuple[int, int]:
    return max(1, round(shape[0] / factor)), max(1, round(shape[1] / factor))


@njit(**OPTIONS)
def _average(channels, levels, smaller):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add every cell's channels (h, w, C), or 1 at its level (h, w) where there are no channels, to `smaller`."""
    by_level = channels.shape[2] == 0
    h, w = levels.shape if by_level else channels.shape[:2]
    rows, columns, count = smaller.shape
    for y in range(h):
        top, low = y * rows / h, (y + 1) * rows / h
        row = int(top)
        # A cell reaches into the next row and column at most.
        down = max(0.0, low - (row + 1))
        for x in range(w):
            left, right = x * columns / w, (x + 1) * columns / w
            column = int(left)
            over = max(0.0, right - (column + 1))
            for r, tall in ((row, low - top - down), (row + 1, down)):
                for c, wide in ((column, right - left - over), (column + 1, over)):
                    share = np.float32(tall * wide)
                    if share <= 0 or r >= rows or c >= columns:
                        continue
                    if by_level:
                        smaller[r, c, levels[y, x]] += share
                    else:
                        for k in range(count):
                            smaller[r, c, k] += share * channels[y, x, k]
