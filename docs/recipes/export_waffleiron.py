"""Export WaffleIron-48-256 (Puy et al., ICCV 2023) from its published checkpoint to TorchScript: points in, logits out.

    python export_waffleiron.py CONFIG.yaml ckpt_last.pth waffleiron_semantickitti.pt

needs torch, pyyaml and the authors' package (github.com/valeoai/WaffleIron, Apache-2.0). What the authors do around the
network when they evaluate it is done inside the module: one point for each voxel, the field of view, the nearest
neighbours of the embedding, and nearest-neighbour interpolation back to all points.
"""

import sys
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn

CHUNK = 1024
# Axes that remain when points are projected along x, y or z.
PLANES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}


@torch.jit.script
def nearest(points: Tensor, among: Tensor, count: int, chunk: int) -> Tensor:
    """Return (N, count): which of `among` (M, 3) are nearest to each of `points` (N, 3), nearest first."""
    found: list[Tensor] = []
    for start in range(0, points.shape[0], chunk):
        distances = torch.cdist(points[start : start + chunk], among)
        found.append(distances.topk(count, 1, largest=False).indices)
    return torch.cat(found)


@torch.jit.script
def first_of_each(inverse: Tensor) -> Tensor:
    """Return the index of the first point of each voxel, from the voxel of each point."""
    order = torch.arange(inverse.shape[0] - 1, -1, -1, device=inverse.device)
    first = torch.zeros(int(inverse.max()) + 1, dtype=torch.long, device=inverse.device)
    first[inverse.flip(0)] = order
    return first


class WaffleIronOfPoints(nn.Module):
    """The network with all that surrounds it: points (N, 4) to logits (N, 19)."""

    def __init__(self, config: dict, network: nn.Module) -> None:
        super().__init__()
        embedding, waffle = config["embedding"], config["waffleiron"]
        if embedding["input_feat"] != ["intensity", "height", "radius"]:
            raise ValueError(f"other features than this script knows: {embedding['input_feat']}")
        self.network = network
        self.voxel_size: float = embedding["voxel_size"]
        self.neighbours: int = embedding["neighbors"] + 1
        self.register_buffer("low", torch.tensor(waffle["fov_xyz"][0], dtype=torch.float32))
        self.register_buffer("high", torch.tensor(waffle["fov_xyz"][1], dtype=torch.float32))
        self.planes = [PLANES[axis] for axis in waffle["dim_proj"]]
        self.grids = [tuple(grid) for grid in waffle["grids_size"]]

    def forward(self, points: Tensor) -> Tensor:
        """Score the classes of points (N, 4): x, y, z, remission."""
        xyz = points[:, :3]
        voxels = ((xyz - xyz.min(0).values) / self.voxel_size).long()
        _, inverse = torch.unique(voxels, dim=0, return_inverse=True)
        kept = points[first_of_each(inverse)]
        margin = 1e-4
        inside = ((kept[:, :3] > self.low + margin) & (kept[:, :3] < self.high - margin)).all(1)
        kept = kept[inside]
        near = kept[:, :3]
        features = torch.cat([kept[:, 3:], near[:, 2:], near.norm(dim=1, keepdim=True)], 1)
        neighbours = nearest(near, near, self.neighbours, CHUNK)
        logits = self.network(features.T[None], self.cells(near), torch.ones_like(near[None, :, 0]), neighbours.T[None])
        return logits[0].T[nearest(xyz, near, 1, CHUNK)[:, 0]]

    def cells(self, xyz: Tensor) -> Tensor:
        """Return (1, projections, N): the cell of each projection's grid that each point falls into."""
        columns = []
        for (first, second), (rows, width) in zip(self.planes, self.grids, strict=True):
            scaled = (xyz - self.low) / (self.high - self.low)
            columns.append((scaled[:, first] * rows).long() * width + (scaled[:, second] * width).long())
        return torch.stack(columns)[None]


def load(config: dict, checkpoint: Path) -> nn.Module:
    """Return the authors' network with its weights, as they evaluate it."""
    from waffleiron import Segmenter  # noqa: PLC0415 - the authors' package

    network = Segmenter(
        input_channels=config["embedding"]["size_input"],
        feat_channels=config["waffleiron"]["nb_channels"],
        nb_class=config["classif"]["nb_class"],
        depth=config["waffleiron"]["depth"],
        grid_shape=config["waffleiron"]["grids_size"],
    )
    weights = torch.load(checkpoint, map_location="cpu", weights_only=False)["net"]
    network.load_state_dict({name.removeprefix("module."): value for name, value in weights.items()})
    network.compress()
    return network.eval()


def main(config_file: str, checkpoint: str, output: str) -> None:
    """Trace the module on points of no meaning; their number may differ afterwards."""
    config = yaml.safe_load(Path(config_file).read_text())
    module = WaffleIronOfPoints(config, load(config, Path(checkpoint))).eval()
    points = torch.rand(4000, 4) * torch.tensor([40.0, 40.0, 3.0, 1.0]) - torch.tensor([20.0, 20.0, 2.0, 0.0])
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(module, points, check_trace=False), output)


if __name__ == "__main__":
    main(*sys.argv[1:])
