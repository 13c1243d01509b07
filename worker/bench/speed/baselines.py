"""Eq. 1 without an alignment field: the nearest pixel of P_c searched anew at every evaluation.

Two ways that a careful programmer would take first, with exact nearest pixels and gradients by autograd: all pairwise
distances in chunks of bounded memory, as libraries for the Chamfer distance compute them, and a KD-tree a class, built
once and asked at every evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.loss import ClassLosses, SemanticAlignmentLoss, VectorLosses, by_autograd
from worker.calibration.transforms import RigidTransform

NearestPixel = Callable[[Tensor], Tensor]
"""Maps places (M, 2), pixels, to the nearest pixels of P_c (M, 2)."""

# Point-pixel pairs held at once: on a CPU a few MiB, which its caches hold; on a GPU half a GiB.
_PAIRS_PER_CHUNK = {"cpu": 1 << 20, "cuda": 1 << 27}


@dataclass(frozen=True)
class SearchedClass:
    """The points (3, M), LiDAR frame, of one class in one frame, and how the nearest of its pixels is found."""

    class_index: int
    points: Tensor
    nearest: NearestPixel


@dataclass(frozen=True)
class SearchedLoss:
    """Eq. 1 as `SemanticAlignmentLoss` defines it, but for the search of the nearest pixel.

    Attributes:
        camera: intrinsics and image size.
        classes: the classes that are common.
        parts: the points of each class in each frame.
    """

    camera: Camera
    classes: tuple[str, ...]
    parts: tuple[SearchedClass, ...]

    @classmethod
    def like(
        cls,
        loss: SemanticAlignmentLoss,
        masks: Sequence[npt.NDArray[np.bool_]],
        make: Callable[[npt.NDArray[np.bool_]], NearestPixel],
    ) -> SearchedLoss:
        """Take the points of another loss and search in `masks`, one (H, W) for each of its parts, in their order."""
        parts = [
            SearchedClass(part.class_index, part.points, make(mask))
            for part, mask in zip(loss.parts, masks, strict=True)
        ]
        return cls(loss.camera, loss.classes, tuple(parts))

    def __call__(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        """Evaluate a batch of B extrinsics, one after the other; differentiable in them."""
        return _stacked([self._at(T_cam_lidar[index]) for index in range(len(T_cam_lidar.translation))])

    def at_vector(self, vector: Tensor) -> VectorLosses:
        """Evaluate one calibration vector (6,) with its gradient."""
        return by_autograd(self, vector)

    def _at(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        nothing = T_cam_lidar.translation.new_zeros(())
        sums = [[nothing] * len(self.classes) for _ in range(3)]
        for part in self.parts:
            u, v, visible = self.camera.project(T_cam_lidar.apply(part.points))
            places = torch.stack([u, v], -1)[visible]
            squared = _squared_distances(places, part.nearest(places.detach()))
            distances = squared.detach().sqrt().sum()
            for column, value in zip(sums, (squared.sum(), distances, visible.sum()), strict=True):
                column[part.class_index] = column[part.class_index] + value
        return ClassLosses(*(torch.stack(column) for column in sums))


def _squared_distances(places: Tensor, nearest: Tensor) -> Tensor:
    """Return (M,) px^2; 0 for a place inside the unit square of its pixel."""
    outside = (places.detach().round() != nearest).any(-1)
    residuals = (places - nearest) * outside[:, None]
    return (residuals * residuals).sum(-1)


def _stacked(losses: Sequence[ClassLosses]) -> ClassLosses:
    return ClassLosses(
        *(torch.stack([getattr(each, name) for each in losses]) for name in ("px2", "distance_px", "points"))
    )


def pairwise_search(mask: npt.NDArray[np.bool_], device: torch.device | str) -> NearestPixel:
    """Compare every place with every pixel of the mask (H, W), chunk by chunk.

    |q|^2 - 2 p q has its minimum over q where |p - q| has: one multiplication of matrices, which is faster than
    `torch.cdist`. Coordinates are centred, so that single precision suffices to find the nearest.
    """
    pixels = _pixels(mask, device)
    center = pixels.mean(0)
    centred = pixels - center
    squared_norms, factors = (centred * centred).sum(1), (-2 * centred.T).contiguous()
    step = max(1, _PAIRS_PER_CHUNK[pixels.device.type] // len(pixels))

    def nearest(places: Tensor) -> Tensor:
        if not len(places):
            return places
        chunks = torch.split(places - center, step)
        return pixels[torch.cat([torch.addmm(squared_norms, chunk, factors).argmin(1) for chunk in chunks])]

    return nearest


def kd_tree_search(mask: npt.NDArray[np.bool_], threads: int) -> NearestPixel:
    """Build a KD-tree of the pixels of the mask (H, W) and ask it, on so many threads, at every call."""
    pixels = _pixels(mask, "cpu")
    tree = cKDTree(pixels.numpy())

    def nearest(places: Tensor) -> Tensor:
        _, index = tree.query(places.numpy(), workers=threads)
        return pixels[torch.from_numpy(np.asarray(index))]

    return nearest


def _pixels(mask: npt.NDArray[np.bool_], device: torch.device | str) -> Tensor:
    rows, columns = np.nonzero(mask)
    return torch.as_tensor(np.column_stack([columns, rows]), dtype=torch.float32, device=device)
