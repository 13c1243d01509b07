"""3D-MiniNet, tiny: semantic segmentation of LiDAR sweeps through a learnt projection of 4x4 blocks of a range image.

Source: Alonso, Riazuelo, Montesano, Murillo, "3D-MiniNet", RA-L 2020, section III. Attribute names are those of the
released state dicts of Shathe/3D-MiniNet. Convolutions pad with zeros everywhere: nothing wraps around behind the car.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 96
BLOCK = 4
BAND = 16
POINT_FEATURES = 11
IMAGE_FEATURES = 5
# Every batch norm uses this, except those of the two down-sampling stems, which keep PyTorch's default.
BN_EPS = 1e-3
LEAKY_SLOPE = 0.1
CONTEXT_WIDTHS = (48, 24, 24)
ENC3_DILATIONS = (((1, 1), (2, 2)), ((1, 4), (2, 8)), ((1, 1), (2, 2)), ((1, 4), (2, 8)), ((1, 1), (2, 2)))


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu_(x, LEAKY_SLOPE)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)


def _depthwise(channels: int, dilation: tuple[int, int] = (1, 1), stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, stride, dilation, dilation, groups=channels, bias=False)


def _pointwise(c_in: int, c_out: int) -> nn.Conv2d:
    return nn.Conv2d(c_in, c_out, 1, bias=False)


class ERS(nn.Module):
    """Efficient residual separable unit; the residual joins after the last activation, where channels allow."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.conv1 = _depthwise(c_in)
        self.bn1 = nn.BatchNorm2d(c_in, BN_EPS)
        self.pointwise = _pointwise(c_in, c_out)
        self.bn = nn.BatchNorm2d(c_out, BN_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        y = _leaky(self.bn(self.pointwise(_leaky(self.bn1(self.conv1(x))))))
        return y.add_(x) if y.shape == x.shape else y


class ERSMultiDilation(nn.Module):
    """ERS unit with a second depth-wise branch, dilated by (vertical, horizontal)."""

    def __init__(self, channels: int, dilation: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = _depthwise(channels)
        self.bn1 = nn.BatchNorm2d(channels, BN_EPS)
        self.conv2 = _depthwise(channels, dilation)
        self.bn2 = nn.BatchNorm2d(channels, BN_EPS)
        self.pointwise = _pointwise(channels, channels)
        self.bn = nn.BatchNorm2d(channels, BN_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        branches = _leaky(self.bn1(self.conv1(x))).add_(_leaky(self.bn2(self.conv2(x))))
        return _leaky(self.bn(self.pointwise(branches))).add_(x)


class ResidualPair(nn.Module):
    """Two residual units in a row."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.conv1 = first
        self.conv2 = second

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        y: Tensor = self.conv2(self.conv1(x))
        return y


class ProjectionLearning(nn.Module):
    """Turn the points of each 4x4 block of the range image into one feature vector (paper section III-B).

    The blocks are read straight from the range image: per-point layers are 1x1 convolutions, the maximum over the
    points of a block is a 4x4 pooling, and the stored 16x1 kernel of the spatial features is a 4x4 convolution.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (POINT_FEATURES, 12, 24, 48, CHANNELS)
        for i in range(1, 5):
            self.add_module(f"conv_fc{i}", _pointwise(widths[i - 1], widths[i]))
            self.add_module(f"bn{i}", nn.BatchNorm2d(widths[i], BN_EPS))
        for i, width in enumerate(CONTEXT_WIDTHS, 1):
            self.add_module(f"conv_fc_context_{i}", _pointwise(24, width))
            self.add_module(f"bn_context_{i}", nn.BatchNorm2d(width, BN_EPS))
        self.conv = nn.Conv2d(POINT_FEATURES, CHANNELS, (BLOCK * BLOCK, 1), bias=False)
        self.bn_conv = nn.BatchNorm2d(CHANNELS, BN_EPS)
        self.conv_atten = nn.Conv2d(3 * CHANNELS, 3 * CHANNELS, 1)
        self.conv_out = _pointwise(3 * CHANNELS, CHANNELS)
        self.bn_out = nn.BatchNorm2d(CHANNELS, BN_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Map the point features (B, 11, H, W) to (B, 96, H / 4, W / 4)."""
        # Bands of blocks keep the widest per-point layers within the processor's cache.
        bands = [self._local(band) for band in torch.split(x, BAND, 2)]
        local = torch.cat([deep for _, deep in bands], 2)
        context = self._context(torch.cat([shallow for shallow, _ in bands], 2))
        weight = self.conv.weight.reshape(CHANNELS, POINT_FEATURES, BLOCK, BLOCK)
        spatial = functional.conv2d(x, weight, self.conv.bias, stride=BLOCK)
        features = torch.cat([local, functional.relu_(self.bn_conv(spatial)), context], 1)
        gate = torch.sigmoid(self.conv_atten(features.mean((2, 3), keepdim=True)))
        return functional.relu_(self.bn_out(self.conv_out(features.mul_(gate))))

    def _local(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maxima over each block of the second (24 channels) and the fourth (96) per-point layer."""
        shallow = self._layer(self._layer(x, "conv_fc1", "bn1"), "conv_fc2", "bn2")
        deep = self._linear(self._layer(shallow, "conv_fc3", "bn3"), "conv_fc4", "bn4")
        # The maximum commutes with the activation, which is then applied to fewer values.
        return functional.max_pool2d(shallow, BLOCK), functional.relu_(functional.max_pool2d(deep, BLOCK))

    def _layer(self, x: Tensor, convolution: str, batch_norm: str) -> Tensor:
        return functional.relu_(self._linear(x, convolution, batch_norm))

    def _linear(self, x: Tensor, convolution: str, batch_norm: str) -> Tensor:
        normalised: Tensor = self.get_submodule(batch_norm)(self.get_submodule(convolution)(x))
        return normalised

    def _context(self, blocks: Tensor) -> Tensor:
        """Maximum over 3x3 neighbourhoods of blocks at spacings 1, 2, 3; a neighbour outside the image is a zero."""
        views = []
        outside = torch.zeros_like(blocks[:, :, :1, :1])
        for spacing in (1, 2, 3):
            names = (f"conv_fc_context_{spacing}", f"bn_context_{spacing}")
            seen = self._layer(blocks, *names)
            height, width = seen.shape[2:]
            # The zero goes through convolution and batch norm like any neighbour, so the border is not zero here.
            padded = self._layer(outside, *names).repeat(1, 1, height + 2 * spacing, width + 2 * spacing)
            padded[:, :, spacing:-spacing, spacing:-spacing] = seen
            views.append(functional.max_pool2d(padded, 3, 1, 0, spacing))
        return torch.cat(views, 1)


class ImageStem(nn.Module):
    """First look at the range image, used as a skip connection only."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = _depthwise(IMAGE_FEATURES, stride=2)
        self.bn0 = nn.BatchNorm2d(IMAGE_FEATURES)
        self.conv01 = _pointwise(IMAGE_FEATURES, CHANNELS)
        self.bn01 = nn.BatchNorm2d(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 5, H, W) to (B, 96, H / 2, W / 2)."""
        return _leaky(self.bn01(self.conv01(_leaky(self.bn0(self.conv0(x))))))


class SeparableEncoder(nn.Module):
    """ERS blocks at the resolution of the learnt projection."""

    def __init__(self, num_blocks: int) -> None:
        super().__init__()
        for i in range(num_blocks):
            self.add_module(f"residual_{i}", ResidualPair(ERS(CHANNELS, CHANNELS), ERS(CHANNELS, CHANNELS)))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        for block in self.children():
            x = block(x)
        return x


class DilatedEncoder(nn.Module):
    """Halve once, then five blocks of dilated ERS units."""

    def __init__(self) -> None:
        super().__init__()
        self.conv00 = _depthwise(CHANNELS, stride=2)
        self.bn00 = nn.BatchNorm2d(CHANNELS)
        self.conv01 = _pointwise(CHANNELS, CHANNELS)
        self.bn01 = nn.BatchNorm2d(CHANNELS)
        for i, (first, second) in enumerate(ENC3_DILATIONS):
            pair = ResidualPair(ERSMultiDilation(CHANNELS, first), ERSMultiDilation(CHANNELS, second))
            self.add_module(f"residual_{i}", pair)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 96, h, w) to (B, 96, h / 2, w / 2)."""
        x = _leaky(self.bn01(self.conv01(_leaky(self.bn00(self.conv00(x))))))
        for i in range(len(ENC3_DILATIONS)):
            x = self.get_submodule(f"residual_{i}")(x)
        return x


class Backbone(nn.Module):
    """Learnt projection and encoders; returns the deepest features and the two skip connections."""

    def __init__(self, num_enc2_blocks: int) -> None:
        super().__init__()
        self.proj = ProjectionLearning()
        self.enc1 = ImageStem()
        self.enc2 = SeparableEncoder(num_enc2_blocks)
        self.enc3 = DilatedEncoder()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (B, 11, H, W) to features at 1/2, 1/4 and 1/8 of the range image."""
        half = self.enc1(x[:, :IMAGE_FEATURES])
        quarter = self.enc2(self.proj(x))
        return half, quarter, self.enc3(quarter)


class DecoderStep(nn.Module):
    """ERS unit under the names of the decoder."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.conv1 = ERS(c_in, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        y: Tensor = self.conv1(x)
        return y


class Decoder(nn.Module):
    """Climb back to half the range image, adding the skip connections."""

    def __init__(self) -> None:
        super().__init__()
        self.dec4 = nn.ModuleDict(
            {"residual": DecoderStep(CHANNELS, CHANNELS), "residual0": DecoderStep(CHANNELS, CHANNELS)}
        )
        self.dec3 = nn.ModuleDict({"residual": DecoderStep(CHANNELS, CHANNELS // 2)})

    def forward(self, half: Tensor, quarter: Tensor, eighth: Tensor) -> Tensor:
        """Return (B, 48, H / 2, W / 2) from features at 1/2, 1/4 and 1/8 of the range image."""
        x = _double(eighth) + quarter
        x = self.dec4["residual0"](self.dec4["residual"](x))
        x = _double(x) + half
        y: Tensor = self.dec3["residual"](x)
        return y


class MiniNet3D(nn.Module):
    """3D-MiniNet tiny.

    Args:
        num_enc2_blocks: 7 as trained and stored. 6 is what the released configuration runs, leaving one block unused.
        num_classes: number of outputs; the released SemanticKITTI network has 20.
    """

    def __init__(self, num_enc2_blocks: int = 7, num_classes: int = 20) -> None:
        super().__init__()
        self.backbone = Backbone(num_enc2_blocks)
        self.decoder = Decoder()
        self.head = nn.Sequential(nn.Conv2d(CHANNELS // 2, num_classes, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a range image.

        Args:
            x: point features (B, 11, H, W), H and W multiples of 8; see `models.processing.point_features`.

        Returns:
            Logits (B, num_classes, H, W), for empty pixels too.
        """
        logits: Tensor = self.head(_double(self.decoder(*self.backbone(x))))
        return logits
