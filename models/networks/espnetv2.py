"""ESPNetv2 for semantic segmentation, width s = 2.0: the decoder and the whole network.

Source: Mehta, Rastegari, Shapiro, Hajishirzi, "ESPNetv2", CVPR 2019, section 4; the layers of the decoder follow the
released weights of sacmehta/EdgeNets. Attribute names are those of the released state dict.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks.espnetv2_encoder import Encoder

# Scales of the pooling module and the least side of a working map.
SCALES = (2.0, 1.5, 1.0, 0.5, 0.1)
LEAST_SIDE = 5
POOLING_WIDTH = 10


def resize_aligned(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear resize with the corner pixels of both grids on each other, as everywhere inside this network."""
    return functional.interpolate(x, size, mode="bilinear", align_corners=True)


def double(x: Tensor) -> Tensor:
    """Resize (B, c, h, w) to (B, c, 2h, 2w)."""
    return resize_aligned(x, (2 * x.shape[2], 2 * x.shape[3]))


class ConvBNPReLU(nn.Module):
    """Convolution without bias, batch norm, PReLU, under the names of the decoder."""

    def __init__(self, c_in: int, c_out: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        convolution = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, groups=groups, bias=False)
        self.cbr = nn.Sequential(convolution, nn.BatchNorm2d(c_out), nn.PReLU(c_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        activated: Tensor = self.cbr(x)
        return activated


class BNPReLU(nn.Module):
    """Batch norm, then PReLU, under the names of the decoder."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.br = nn.Sequential(nn.BatchNorm2d(channels), nn.PReLU(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        activated: Tensor = self.br(x)
        return activated


class MultiScalePooling(nn.Module):
    """Look at a narrow projection of the features at five scales and merge what is seen."""

    def __init__(self, c_in: int, c_out: int, *, last: bool = False) -> None:
        super().__init__()
        width, scales = POOLING_WIDTH, len(SCALES)
        self.projection_layer = ConvBNPReLU(c_in, width, 1)
        self.stages = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False) for _ in SCALES)
        self.merge_layer = nn.Sequential(
            BNPReLU(scales * width),
            nn.ChannelShuffle(scales),
            ConvBNPReLU(scales * width, width, 3, groups=width),
            nn.Conv2d(width, c_out, 1, bias=last),
        )
        self.br = nn.Identity() if last else BNPReLU(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        projected = self.projection_layer(x)
        views = [view_at_scale(projected, scale, stage) for scale, stage in zip(SCALES, self.stages, strict=True)]
        merged: Tensor = self.br(self.merge_layer(torch.cat(views, 1)))
        return merged


def view_at_scale(x: Tensor, scale: float, stage: nn.Module) -> Tensor:
    """Convolve at a scale and come back: enlarging is bilinear, shrinking averages adaptive cells."""
    height, width = x.shape[2:]
    working = (max(LEAST_SIDE, math.ceil(scale * height)), max(LEAST_SIDE, math.ceil(scale * width)))
    if scale > 1:
        return functional.adaptive_avg_pool2d(stage(resize_aligned(x, working)), (height, width))
    if scale < 1:
        return resize_aligned(stage(functional.adaptive_avg_pool2d(x, working)), (height, width))
    convolved: Tensor = stage(x)
    return convolved


class GatedSkip(nn.Module):
    """Project encoder features for the decoder, each channel gated by the mean of the features."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.wt_layer = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c_in, c_out, 1, bias=False), nn.Sigmoid())
        self.expansion_layer = ConvBNPReLU(c_in, c_out, 3, groups=math.gcd(c_in, c_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        gated: Tensor = self.expansion_layer(x) * self.wt_layer(x)
        return gated


class ESPNetv2(nn.Module):
    """ESPNetv2 s = 2.0: an encoder of four levels and a decoder that climbs back to half the image's size.

    Args:
        num_classes: number of outputs; the released Cityscapes network has 20.
    """

    def __init__(self, num_classes: int = 20) -> None:
        super().__init__()
        self.base_net = Encoder()
        # The numbers count steps of the decoder, not levels of the encoder.
        self.bu_dec_l1 = MultiScalePooling(512, 64)
        self.bu_dec_l2 = MultiScalePooling(64, 48)
        self.bu_dec_l3 = MultiScalePooling(48, 32)
        self.bu_dec_l4 = MultiScalePooling(32, num_classes, last=True)
        self.merge_enc_dec_l2 = GatedSkip(256, 64)
        self.merge_enc_dec_l3 = GatedSkip(128, 48)
        self.merge_enc_dec_l4 = GatedSkip(32, 32)
        self.bu_br_l2 = nn.Sequential(nn.BatchNorm2d(64), nn.PReLU(64))
        self.bu_br_l3 = nn.Sequential(nn.BatchNorm2d(48), nn.PReLU(48))
        self.bu_br_l4 = nn.Sequential(nn.BatchNorm2d(32), nn.PReLU(32))

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of an image.

        Args:
            image: (B, 3, H, W) float32, RGB normalised with the ImageNet mean and deviation. H and W are multiples of
                16 or one less than one.

        Returns:
            Logits (B, num_classes, H, W).
        """
        return resize_aligned(self.coarse_logits(image), (image.shape[2], image.shape[3]))

    def coarse_logits(self, image: Tensor) -> Tensor:
        """Return the logits before their last enlargement, (B, num_classes, ceil(H / 2), ceil(W / 2)).

        Their corner cells lie on the corner pixels of the image.
        """
        level1, level2, level3, level4 = self.base_net(image)
        x = self.bu_dec_l1(level4)
        x = self.bu_dec_l2(self.bu_br_l2(double(x) + self.merge_enc_dec_l2(level3)))
        x = self.bu_dec_l3(self.bu_br_l3(double(x) + self.merge_enc_dec_l3(level2)))
        logits: Tensor = self.bu_dec_l4(self.bu_br_l4(double(x) + self.merge_enc_dec_l4(level1)))
        return logits
