"""Fold batch norms into the convolutions before them, for inference."""

import itertools

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(network: nn.Module) -> None:
    """Replace every convolution followed by a batch norm by one convolution with a bias, in place.

    The networks here register a convolution and its batch norm one after the other, so neighbours among a module's
    children are the pairs. The network must be in evaluation mode; afterwards it can no longer load its state dict.

    Args:
        network: the network, its weights loaded, in evaluation mode.
    """
    for module in list(network.modules()):
        for (name, child), (next_name, next_child) in itertools.pairwise(list(module.named_children())):
            if isinstance(child, nn.Conv2d) and isinstance(next_child, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(child, next_child))
                setattr(module, next_name, nn.Identity())
