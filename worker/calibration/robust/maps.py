"""Image-sided maps that projected points look into: bilinear, with the gradient along u and v."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
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
        """Take channels (h, w, C)."""
        h, w, c = channels.shape
        table = np.zeros((h * w + 1, c), np.float32)
        table[:-1] = channels.reshape(h * w, c)
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
    return blurred(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), 1.0)


def blurred(channels: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    """Blur channels (h, w, ...) by a Gaussian of `sigma` grid cells; 0 leaves them alone."""
    if sigma <= 0:
        return channels
    size = 2 * int(3 * sigma + 0.5) + 1
    flat = np.ascontiguousarray(channels.reshape(*channels.shape[:2], -1))
    smooth = cv2.GaussianBlur(flat, (size, size), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32).reshape(channels.shape)


def shrunk(channels: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Shrink channels (h, w, C) by averaging areas of about `factor` x `factor` cells; what remains spans the same."""
    if factor <= 1:
        return channels
    h, w, c = channels.shape
    smaller = (max(1, round(w / factor)), max(1, round(h / factor)))
    # OpenCV averages up to four channels at a time.
    parts = [cv2.resize(channels[..., i : i + 4], smaller, interpolation=cv2.INTER_AREA) for i in range(0, c, 4)]
    return np.concatenate([part.reshape(smaller[1], smaller[0], -1) for part in parts], -1)
