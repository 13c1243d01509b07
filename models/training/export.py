"""Writing trained weights the way they come with the package."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn


def export_weights(network: nn.Module, path: Path, provenance: Mapping[str, str]) -> str:
    """Write the weights in half precision and return the SHA-256 of the file.

    Args:
        network: the trained network.
        path: safetensors file to write.
        provenance: what made the weights; kept in the file's header.
    """
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous(memory_format=torch.contiguous_format)
        for name, value in network.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, path, dict(provenance))
    return hashlib.sha256(path.read_bytes()).hexdigest()
