"""A small U-Net for street scenes, trained by this project on rendered frames only.

Its first two stages normalise each image by itself (instance norm): what is left of colour and contrast after that
differs less between rendered and real images (Pan et al., "Two at Once: Enhancing Learning and Generalization
Capacities via IBN-Net", ECCV 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64, 96)
"""Channels at a half, a quarter, an eighth and a sixteenth of the input's size."""
STRIDE = 16
"""Sides of the input are multiples of this."""


class StreetUNet(nn.Module):
    """Encoder of strided and dilated residual stages, decoder that adds their maps again from coarse to fine."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = WIDTHS
        # Colours and the height in the image: a street has its sky above.
        self.at_half = _conv(3 + 1, half, nn.InstanceNorm2d, stride=2)
        self.at_quarter = nn.Sequential(_conv(half, quarter, nn.InstanceNorm2d, stride=2), _Residual(quarter, 1))
        self.at_eighth = nn.Sequential(
            _conv(quarter, eighth, nn.BatchNorm2d, stride=2), _Residual(eighth, 1), _Residual(eighth, 2)
        )
        self.at_sixteenth = nn.Sequential(
            _conv(eighth, sixteenth, nn.BatchNorm2d, stride=2),
            *(_Residual(sixteenth, dilation) for dilation in (1, 2, 4)),
        )
        self.surroundings = nn.Linear(sixteenth, sixteenth)
        self.to_eighth = _Merge(sixteenth, eighth, 64)
        self.to_quarter = _Merge(64, quarter, 40)
        self.to_half = _Merge(40, half, 24)
        self.classify = nn.Conv2d(24, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, C, h/2, w/2) of images (B, 3, h, w), RGB in 0..1; h and w are multiples of 16."""
        rows = torch.linspace(-1, 1, x.shape[2], device=x.device).view(1, 1, -1, 1).expand(len(x), 1, *x.shape[2:])
        half = self.at_half(torch.cat([x - 0.5, rows], 1))
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        sixteenth = self.at_sixteenth(eighth)
        sixteenth = sixteenth + self.surroundings(sixteenth.mean((2, 3)))[:, :, None, None]
        merged = self.to_half(self.to_quarter(self.to_eighth(sixteenth, eighth), quarter), half)
        logits: Tensor = self.classify(merged)
        return logits


class _Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = _conv(width, width, nn.BatchNorm2d, dilation=dilation)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class _Merge(nn.Module):
    """A coarse map enlarged to twice its size, joined with the finer one that the encoder made on its way."""

    def __init__(self, coarse: int, fine: int, out: int) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(coarse, out, 1)
        self.fine = nn.Conv2d(fine, out, 1)
        self.join = _conv(out, out, nn.BatchNorm2d)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        enlarged = functional.interpolate(self.coarse(coarse), scale_factor=2, mode="bilinear", align_corners=False)
        joined: Tensor = self.join(enlarged + self.fine(fine))
        return joined


def _conv(
    width_in: int, width_out: int, norm: type[nn.InstanceNorm2d | nn.BatchNorm2d], *, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(width_in, width_out, 3, stride, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(convolution, norm(width_out, affine=True), nn.ReLU())
