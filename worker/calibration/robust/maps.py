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
        values: (h, w, C), channel last, so that one place's channels lie together in memory.
        scale_u: grid columns per image pixel; column x lies at u = (x + 0.5) / scale_u - 0.5.
        scale_v: likewise for rows.
    """

    values: Tensor
    scale_u: float
    scale_v: float

    @classmethod
    def from_channels(
        cls,
        channels: npt.NDArray[np.float32],
        scale_u: float,
        scale_v: float,
        device: torch.device | str = "cpu",
    ) -> ChannelMaps:
        """Take channels (C, h, w)."""
        return cls(torch.from_numpy(np.ascontiguousarray(np.moveaxis(channels, 0, -1))).to(device), scale_u, scale_v)

    def nearest(self, u: Tensor, v: Tensor) -> Tensor:
        """Return the channels (..., C) of the grid cells that hold the places (u, v), each (...), in image pixels."""
        h, w, c = self.values.shape
        x = ((u + 0.5) * self.scale_u).floor_().clamp_(0, w - 1)
        y = ((v + 0.5) * self.scale_v).floor_().clamp_(0, h - 1)
        return self.values.view(-1, c)[y.to(torch.int32) * w + x.to(torch.int32)]

    def bilinear(self, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the channels (N, C) at places (u, v), each (N,), and their derivatives along u and v, per pixel."""
        h, w, c = self.values.shape
        x = ((u + 0.5) * self.scale_u - 0.5).clamp(0, w - 1.001)
        y = ((v + 0.5) * self.scale_v - 0.5).clamp(0, h - 1.001)
        x0, y0 = x.floor(), y.floor()
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        index = y0.to(torch.int64) * w + x0.to(torch.int64)
        flat = self.values.view(-1, c)
        top_left, top_right = flat.index_select(0, index), flat.index_select(0, index + 1)
        low_left, low_right = flat.index_select(0, index + w), flat.index_select(0, index + w + 1)
        top, low = torch.lerp(top_left, top_right, fx), torch.lerp(low_left, low_right, fx)
        along_u = torch.lerp(top_right - top_left, low_right - low_left, fy) * self.scale_u
        return torch.lerp(top, low, fy), along_u, (low - top) * self.scale_v


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
