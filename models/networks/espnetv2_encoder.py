"""Encoder of ESPNetv2: strided and residual units of depth-wise dilated convolutions.

Source: Mehta, Rastegari, Shapiro, Hajishirzi, "ESPNetv2", CVPR 2019, section 3. Attribute names are those of the
released state dict.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

BRANCHES = 4
FULL_DILATIONS = (1, 2, 3, 4)
# The receptive field of the deepest level is limited to 7: the branch of nominal kernel 9 falls back to 3.
DEEPEST_DILATIONS = (1, 1, 2, 3)


class ConvBN(nn.Module):
    """Convolution without bias, then batch norm."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, ceil(h / stride), ceil(w / stride))."""
        normalised: Tensor = self.bn(self.conv(x))
        return normalised


class ConvBNPReLU(ConvBN):
    """Convolution without bias, batch norm, PReLU with one slope per channel."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(c_in, c_out, kernel, stride, groups)
        self.act = nn.PReLU(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, ceil(h / stride), ceil(w / stride))."""
        activated: Tensor = self.act(super().forward(x))
        return activated


class BNPReLU(nn.Module):
    """Batch norm, then PReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.act = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        activated: Tensor = self.act(self.bn(x))
        return activated


class DilatedDepthwise(nn.Module):
    """Depth-wise dilated 3x3 convolution, bare."""

    def __init__(self, channels: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride, dilation, dilation, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c, h, w) to (B, c, ceil(h / stride), ceil(w / stride))."""
        convolved: Tensor = self.conv(x)
        return convolved


class EESP(nn.Module):
    """Extremely efficient spatial pyramid (paper section 3.2): reduce, dilate four ways, fuse, merge.

    With stride 1 it is a residual unit; with stride 2 it is the learnt half of a down-sampling unit, whose
    `module_act` is stored in the released file yet never applied.
    """

    def __init__(self, c_in: int, c_out: int, dilations: Sequence[int], stride: int = 1) -> None:
        super().__init__()
        width = c_out // BRANCHES
        self.stride = stride
        self.proj_1x1 = ConvBNPReLU(c_in, width, 1, groups=BRANCHES)
        self.spp_dw = nn.ModuleList(DilatedDepthwise(width, stride, dilation) for dilation in dilations)
        self.br_after_cat = BNPReLU(c_out)
        self.conv_1x1_exp = ConvBN(c_out, c_out, 1, groups=BRANCHES)
        self.module_act = nn.PReLU(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, ceil(h / stride), ceil(w / stride))."""
        reduced = self.proj_1x1(x)
        fused: list[Tensor] = []
        for branch in self.spp_dw:
            transformed = branch(reduced)
            # Hierarchical feature fusion: the running sum removes the gridding of large dilations.
            fused.append(transformed + fused[-1] if fused else transformed)
        merged: Tensor = self.conv_1x1_exp(self.br_after_cat(torch.cat(fused, 1)))
        if self.stride > 1:
            return merged
        activated: Tensor = self.module_act(merged + x)
        return activated


def halve(x: Tensor) -> Tensor:
    """Average pool 3x3 with stride 2; padding zeros count, so the divisor is 9 at the border too."""
    return functional.avg_pool2d(x, 3, 2, 1)


class DownSampling(nn.Module):
    """Halve a feature map: pooled input beside a strided EESP, plus a shortcut from the network's input image."""

    def __init__(self, c_in: int, c_out: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.eesp = EESP(c_in, c_out - c_in, dilations, stride=2)
        self.inp_reinf = nn.Sequential(ConvBNPReLU(3, 3, 3), ConvBN(3, c_out, 1))
        self.act = nn.PReLU(c_out)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """Map (B, c_in, h, w), and the image already pooled to (B, 3, h / 2, w / 2), to (B, c_out, h / 2, w / 2)."""
        features = torch.cat([halve(x), self.eesp(x)], 1)
        activated: Tensor = self.act(features + self.inp_reinf(image))
        return activated


class Encoder(nn.Module):
    """The four levels of ESPNetv2 at width s = 2.0."""

    def __init__(self) -> None:
        super().__init__()
        self.level1 = ConvBNPReLU(3, 32, 3, 2)
        self.level2_0 = DownSampling(32, 128, FULL_DILATIONS)
        self.level3_0 = DownSampling(128, 256, FULL_DILATIONS)
        self.level3 = nn.Sequential(*(EESP(256, 256, FULL_DILATIONS) for _ in range(3)))
        self.level4_0 = DownSampling(256, 512, FULL_DILATIONS)
        self.level4 = nn.Sequential(*(EESP(512, 512, DEEPEST_DILATIONS) for _ in range(7)))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the features of the four levels, at 1/2, 1/4, 1/8 and 1/16 of the image (B, 3, H, W)."""
        quarter = halve(halve(image))
        eighth = halve(quarter)
        level1 = self.level1(image)
        level2 = self.level2_0(level1, quarter)
        level3 = self.level3(self.level3_0(level2, eighth))
        level4 = self.level4(self.level4_0(level3, halve(eighth)))
        return level1, level2, level3, level4
