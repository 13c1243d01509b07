"""Bring released weights into a network."""

import io

import torch
from torch import nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from models.networks.folding import fold_batch_norms


def load_weights(module: nn.Module, content: bytes) -> None:
    """Load a state dict strictly: every key of the file and of the module must match.

    Args:
        module: the network or a part of it.
        content: a file written by `torch.save`; nothing but tensors is unpickled.
    """
    module.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True), strict=True)


def prepare_for_inference(network: nn.Module, device: str | torch.device) -> None:
    """Put the loaded network on a device, in evaluation mode, batch norms folded, channels last."""
    network.eval()
    fold_batch_norms(network)
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    network.requires_grad_(False).to(device)
