"""Run SPVNAS (Tang et al., ECCV 2020) from its published checkpoint, as the card `spvnas_semantickitti` names it.

Lies beside a checkout of github.com/mit-han-lab/spvnas (MIT) called `checkout`; needs torchsparse (MIT), of the version
that the checkout asks for, and torchpack. Voxels and features are made as the authors' `visualize.py` makes them. The
checkpoint and its configuration are fetched by the authors' `model_zoo` on first use.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

NETWORK = "SemanticKITTI_val_SPVNAS@65GMACs"
VOXEL_M = 0.05


class SPVNAS:
    """Points in, class scores out."""

    def __init__(self, folder: Path, device: str) -> None:
        sys.path.insert(0, str(folder / "checkout"))
        from model_zoo import spvnas_specialized  # noqa: PLC0415 - the authors' module

        self._device = torch.device(device)
        self._network = spvnas_specialized(NETWORK, pretrained=True).to(self._device).eval()

    @torch.inference_mode()
    def __call__(self, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Score the classes of points (N, 4): x, y, z, remission; returns (N, 19)."""
        from torchsparse import SparseTensor  # noqa: PLC0415

        cells = np.round(points[:, :3] / VOXEL_M).astype(np.int32)
        cells -= cells.min(0)
        _, first, inverse = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        coordinates = np.column_stack([cells[first], np.zeros(len(first), np.int32)])
        voxels = SparseTensor(torch.from_numpy(points[first]), torch.from_numpy(coordinates).int())
        logits = self._network(voxels.to(self._device))
        return logits.softmax(1).cpu().numpy()[inverse.ravel()]
