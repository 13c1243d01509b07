"""The alignment field: for every place on and around the image the nearest pixel of P_c.

Computed once per class by an exact Euclidean feature transform, it turns the nearest-neighbour search inside Eq. 1
into one table lookup per point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from worker.calibration.feature_transform import nearest_pixels

# How far (px) the field reaches beyond the image; places further out take the value of its border.
MARGIN_PX = 32


@dataclass(frozen=True)
class AlignmentField:
    """Nearest P_c pixel over the image and a margin around it.

    Attributes:
        nearest: (height + 2 margin, width + 2 margin, 2) integer, column and row of the P_c pixel nearest to each pixel
            centre, side by side in memory.
        margin: width of the border, px.
    """

    nearest: Tensor
    margin: int

    @classmethod
    def from_pixels(
        cls, pixels: np.ndarray, margin: int = MARGIN_PX, device: torch.device | str = "cpu"
    ) -> AlignmentField:
        """Build the field of a mask (H, W).

        Raises:
            ValueError: the mask holds no pixel, so that nothing is nearest.
        """
        if not pixels.any():
            raise ValueError("an empty pixel set has no nearest pixel")
        height, width = pixels.shape
        # Half the memory traffic of the lookup for all but panoramas.
        dtype = np.int16 if max(height, width) <= np.iinfo(np.int16).max else np.int32
        nearest = np.empty((height + 2 * margin, width + 2 * margin, 2), dtype)
        nearest_pixels(np.ascontiguousarray(pixels, bool), margin, nearest)
        return cls(torch.from_numpy(nearest).to(device), margin)

    def lookup(self, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Return column and row (...) of the P_c pixel nearest to the places (u, v), each (...).

        The answer is that of the place's own pixel centre; it differs from the true nearest pixel only where two
        P_c pixels are almost equally far, which changes the distance by a fraction of a per cent.
        """
        height, width, _ = self.nearest.shape
        column = u.round().add_(self.margin).clamp_(0, width - 1)
        row = v.round().add_(self.margin).clamp_(0, height - 1)
        # Exact in float32: padded images stay far below 2^24 pixels; larger ones are indexed in double precision.
        wide = height * width >= 1 << 24
        index = (row.double() if wide else row).mul_(width).add_(column).to(torch.int64)
        nearest_u, nearest_v = self.nearest.view(-1, 2)[index].to(u.dtype).unbind(-1)
        return nearest_u, nearest_v
