"""The eleven input channels of 3D-MiniNet, made from a range image."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.processing.range_image import RangeImage

# range, x, y, z, remission over SemanticKITTI's training sweeps.
MEANS = (12.12, 10.88, 0.23, -1.04, 0.21)
DEVIATIONS = (12.32, 11.47, 6.91, 0.86, 0.16)
BLOCK = 4


def point_features(points: npt.NDArray[np.float32], image: RangeImage, device: str | torch.device = "cpu") -> Tensor:
    """Describe every pixel's point absolutely and relative to its 4x4 block.

    Args:
        points: (N, 4) float32 x, y, z in metres and remission in 0..1, LiDAR frame.
        image: the range image of these points; its sides are multiples of 4.
        device: where the features are wanted.

    Returns:
        (1, 11, H, W) float32: range, x, y, z, remission normalised; the same five minus their mean over the block's
        points, not normalised; the length of the relative x, y, z. All are 0 where there is no point. Channels lie
        innermost in memory, as the convolutions like them.
    """
    # The network was trained with the pixel of point number 0 counted as empty, so that is how it must see it.
    seen = image.owners > 0
    owners = np.where(seen, image.owners, 0)
    channels = np.concatenate([image.ranges[None], np.moveaxis(points[owners], 2, 0)])
    valid = torch.from_numpy(seen).to(device=device, dtype=torch.float32)
    absolute = torch.from_numpy(channels).to(device) * valid
    relative = (absolute - _block_means(absolute, valid)) * valid
    means, deviations = absolute.new_tensor(MEANS)[:, None, None], absolute.new_tensor(DEVIATIONS)[:, None, None]
    normalised = (absolute - means) / deviations * valid
    distance = torch.linalg.vector_norm(relative[1:4], dim=0, keepdim=True)
    return torch.cat([normalised, relative, distance])[None].contiguous(memory_format=torch.channels_last)


def _block_means(absolute: Tensor, valid: Tensor) -> Tensor:
    """Return the mean over the valid pixels of each block, spread over the block."""
    sums = functional.avg_pool2d(absolute, BLOCK, divisor_override=1)
    counts = functional.avg_pool2d(valid[None], BLOCK, divisor_override=1).clamp(min=1)
    return (sums / counts).repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)
