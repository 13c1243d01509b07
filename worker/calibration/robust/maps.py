"""Image-sided maps that projected points look into: bilinear, with the gradient along u and v."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor


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
    ) -> ChannelMaps:
        """Take channels (C, h, w)."""
        c, h, w = channels.shape
        table = np.zeros((h * w + 1, c), np.float32)
        table[:-1] = channels.reshape(c, h * w).T
        return cls(torch.from_numpy(table).to(device=device, dtype=dtype), (h, w), scale_u, scale_v)

    def nearest(self, u: Tensor, v: Tensor, visible: Tensor) -> Tensor:
        """Return the channels (..., C) of the grid cells that hold the places (u, v), each (...), in image pixels.

        Places that are not `visible` (...) have none: 0.
        """
        h, w = self.shape
        x = ((u + 0.5) * self.scale_u).floor_().clamp_(0, w - 1)
        y = ((v + 0.5) * self.scale_v).floor_().clamp_(0, h - 1)
        index = torch.where(visible, y.mul_(w).add_(x), h * w).to(torch.int32)
        return self.table.index_select(0, index.view(-1)).view(*u.shape, -1)

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
    return ndimage.gaussian_filter(image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32), 1.0)


def blurred(channels: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    """Blur channels (C, h, w) by a Gaussian of `sigma` grid cells; 0 leaves them alone."""
    if sigma <= 0:
        return channels
    return ndimage.gaussian_filter(channels, (0, sigma, sigma), mode="nearest", truncate=3.0)


def block_mean(image: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Shrink (..., H, W) by averaging blocks of `factor` x `factor`; borders are repeated to fill the last blocks.

    The result covers a little more than the image where the size is no multiple of `factor`.
    """
    h, w = image.shape[-2:]
    pad = [(0, 0)] * (image.ndim - 2) + [(0, -h % factor), (0, -w % factor)]
    padded = np.pad(image, pad, mode="edge")
    shape = (*image.shape[:-2], padded.shape[-2] // factor, factor, padded.shape[-1] // factor, factor)
    return padded.reshape(shape).mean(axis=(-3, -1), dtype=np.float32)
