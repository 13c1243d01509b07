"""The pooling modules of ESPNetv2 in a form that computes the same with less memory traffic, for inference."""

import functools

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from models.networks.espnetv2 import (
    POOLING_WIDTH,
    SCALES,
    BNPReLU,
    ConvBNPReLU,
    ESPNetv2,
    MultiScalePooling,
    view_at_scale,
)


class FusedPooling(nn.Module):
    """A pooling module that never lays its five views side by side.

    As trained, the views are concatenated, normalised, activated, shuffled and convolved in groups. The shuffle hands
    each group the five views of one projected channel, so the grouped convolution is a sum of depth-wise ones, one a
    view; and all that comes before the batch norm is linear and keeps constants, so the batch norm goes into the
    convolution of each view.

    Args:
        pooling: the module as trained, in evaluation mode, batch norms folded into the convolutions before them.
    """

    def __init__(self, pooling: MultiScalePooling) -> None:
        super().__init__()
        affine, _, grouped, widen = pooling.merge_layer
        assert isinstance(affine, BNPReLU)
        assert isinstance(grouped, ConvBNPReLU)
        norm, activation = affine.br
        convolution = grouped.cbr[0]
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(activation, nn.PReLU)
        assert isinstance(convolution, nn.Conv2d)
        self.projection_layer = pooling.projection_layer
        self.stages = nn.ModuleList()
        self.activations = nn.ModuleList()
        self.mixes = nn.ModuleList()
        for i, stage in enumerate(pooling.stages):
            assert isinstance(stage, nn.Conv2d)
            view = slice(i * POOLING_WIDTH, (i + 1) * POOLING_WIDTH)
            self.stages.append(_depthwise(*_normalised(stage, norm, view)))
            self.activations.append(_prelu(activation.weight[view]))
            self.mixes.append(_depthwise(convolution.weight[:, i : i + 1], convolution.bias if i == 0 else None))
        self.finish = nn.Sequential(*list(grouped.cbr)[1:], widen, pooling.br)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, h, w) to (B, c_out, h, w)."""
        projected = self.projection_layer(x)
        layers = zip(SCALES, self.stages, self.activations, self.mixes, strict=True)
        parts = (mix(activation(view_at_scale(projected, scale, stage))) for scale, stage, activation, mix in layers)
        merged: Tensor = self.finish(functools.reduce(Tensor.add_, parts))
        return merged


def fuse_pooling(network: ESPNetv2) -> None:
    """Replace the pooling modules of a network prepared for inference, in place."""
    for name, child in list(network.named_children()):
        if isinstance(child, MultiScalePooling):
            setattr(network, name, FusedPooling(child))


def _normalised(stage: nn.Conv2d, norm: nn.BatchNorm2d, channels: slice) -> tuple[nn.Parameter, nn.Parameter]:
    """Return weight and bias of a convolution that does the work of these channels of the batch norm too."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return fuse_conv_bn_weights(
        stage.weight,
        stage.bias,
        norm.running_mean[channels],
        norm.running_var[channels],
        norm.eps,
        norm.weight[channels],
        norm.bias[channels],
    )


def _depthwise(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    convolution = nn.Conv2d(len(weight), len(weight), 3, padding=1, groups=len(weight), bias=bias is not None)
    convolution.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
    convolution.bias = None if bias is None else nn.Parameter(bias.detach().clone(), requires_grad=False)
    return convolution


def _prelu(slopes: Tensor) -> nn.PReLU:
    activation = nn.PReLU(len(slopes))
    activation.weight = nn.Parameter(slopes.detach().clone(), requires_grad=False)
    return activation
