"""The semantic alignment loss, Eq. 1: squared pixel distances from R_c to the nearest pixel of P_c."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration import fused
from worker.calibration.alignment_field import AlignmentField
from worker.calibration.camera import Camera
from worker.calibration.object_sets import ObjectPixelSets
from worker.calibration.parallel import both, for_each
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

_Array = npt.NDArray[np.float64]
# Pose-point pairs evaluated at once: small enough for a CPU's cache, large enough to hide the cost of each call.
_PAIRS_PER_CHUNK = {"cpu": 1 << 17, "cuda": 1 << 25}
# Points from which on starting a thread costs less than it saves.
_WORTH_A_THREAD = 60_000


@dataclass(frozen=True)
class ClassLosses:
    """Eq. 1 per class for a batch of B extrinsics.

    Attributes:
        px2: (B, C) sums of squared distances, px^2.
        distance_px: (B, C) sums of distances, px.
        points: (B, C) number of points of the class in view.
    """

    px2: Tensor
    distance_px: Tensor
    points: Tensor

    @property
    def total_px2(self) -> Tensor:
        """Return Eq. 1 summed over classes, (B,)."""
        return self.px2.sum(-1)


@dataclass(frozen=True)
class VectorLosses:
    """Eq. 1 per class at one calibration vector c = (a, t), with its gradient.

    Attributes:
        losses: each of its numbers (C,), detached.
        gradient: maps weights (C,) of the classes to the gradient (6,) of the weighted sum of their squares, along c.
    """

    losses: ClassLosses
    gradient: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class ClassInFrame:
    """The points (3, M), LiDAR frame, of one class in one frame with the alignment field of its pixels."""

    class_index: int
    points: Tensor
    field: AlignmentField

    @cached_property
    def arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], int]:
        """Return what the fused loops take of it: points, nearest pixels and the width of their border."""
        return self.points.numpy(), self.field.nearest.numpy(), self.field.margin


@dataclass(frozen=True)
class SemanticAlignmentLoss:
    """Eq. 1 over the classes and frames of one calibration.

    Only points inside the image count, so an extrinsic that looks away has a loss near zero: callers judge a loss
    together with the number of points in view.
    """

    camera: Camera
    classes: tuple[str, ...]
    parts: tuple[ClassInFrame, ...] = field(repr=False)

    @classmethod
    def from_object_sets(
        cls,
        frames: Sequence[Sequence[ObjectPixelSets]],
        camera: Camera,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> SemanticAlignmentLoss:
        """Compute the alignment field of every common class of every frame; classes common to no frame are left out.

        Args:
            frames: the object pixel sets of each frame, the same classes in the same order.
            camera: the camera all frames share.
            dtype: precision of the loss.
            device: where the fields live.
        """
        common = [sets for frame in frames for sets in frame if sets.is_common]
        classes = tuple(dict.fromkeys(sets.name for sets in common))
        parts = for_each(
            lambda sets: ClassInFrame(
                classes.index(sets.name),
                torch.as_tensor(sets.points.T, dtype=dtype, device=device).contiguous(),
                AlignmentField.from_pixels(sets.pixels, device=device),
            ),
            common,
        )
        return cls(camera, classes, tuple(parts))

    def within(self, cone: ViewCone) -> SemanticAlignmentLoss:
        """Return the same loss over the points inside a cone."""
        parts = tuple(ClassInFrame(p.class_index, cone.select(p.points), p.field) for p in self.parts)
        return SemanticAlignmentLoss(self.camera, self.classes, parts)

    @property
    def num_points(self) -> int:
        """Return the number of points of all classes and frames, in view or not."""
        return sum(part.points.shape[1] for part in self.parts)

    def __call__(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        """Evaluate a batch of B extrinsics; differentiable in them, the nearest pixels held constant."""
        rotation, translation = T_cam_lidar.rotation, T_cam_lidar.translation
        shape = (len(translation), len(self.classes))
        px2, distance, count = (translation.new_zeros(shape).unbind(-1) for _ in range(3))
        sums = [list(column) for column in (px2, distance, count)]
        for part in self.parts:
            values = _SumOfSquares.apply(rotation, translation, part, self.camera)  # type: ignore[no-untyped-call]
            for total, value in zip(sums, values, strict=True):
                total[part.class_index] = total[part.class_index] + value
        return ClassLosses(*(torch.stack(column, -1) for column in sums))

    def at_vector(self, vector: Tensor) -> VectorLosses:
        """Evaluate one calibration vector (6,) with its gradient: without autograd where the loops are fused."""
        if vector.device.type != "cpu" or (lens := self.camera.lens) is None:
            return by_autograd(self, vector)
        c = vector.detach().numpy().astype(np.float64)
        rotation, translation = fused.pose_of(c)
        halves = [partial(self._summed, half, rotation[None], translation[None], lens) for half in self._halves]
        first, second = both(*halves) if self.num_points > _WORTH_A_THREAD else (half() for half in halves)
        sums, of_rotations, of_translations = (a + b for a, b in zip(first, second, strict=True))
        gradients = [fused.along_vector(c, rotation, *each) for each in zip(of_rotations, of_translations, strict=True)]
        along_c = torch.from_numpy(np.reshape(gradients, (-1, 6))).to(vector)
        columns = torch.from_numpy(sums).to(vector).unbind(-1)
        return VectorLosses(ClassLosses(*columns), lambda weights: weights @ along_c)

    @cached_property
    def _halves(self) -> tuple[Sequence[ClassInFrame], Sequence[ClassInFrame]]:
        """Return the parts in two runs of about as many points: always the same, or sums would depend on threads."""
        until = np.cumsum([part.points.shape[1] for part in self.parts])
        middle = int(np.searchsorted(until, self.num_points / 2))
        return self.parts[:middle], self.parts[middle:]

    def _summed(
        self, parts: Sequence[ClassInFrame], rotation: _Array, translation: _Array, lens: tuple[float, ...]
    ) -> tuple[_Array, _Array, _Array]:
        """Return Eq. 1 of some parts, by class: its sums (C, 3), and its gradients of R (C, 3, 3) and of t (C, 3)."""
        sums, of_rotations, of_translations = (np.zeros((len(self.classes), *n)) for n in ((3,), (3, 3), (3,)))
        for part in parts:
            c = slice(part.class_index, part.class_index + 1)
            sums[c] += fused.squared_distances(
                rotation, translation, lens, *part.arrays, of_rotations[c], of_translations[c]
            )
        return sums, of_rotations, of_translations

    @torch.no_grad()
    def in_chunks(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        """Evaluate a large batch of B extrinsics without gradient, a cache-sized part at a time."""
        most_points = max((part.points.shape[1] for part in self.parts), default=1)
        step = max(1, _PAIRS_PER_CHUNK[T_cam_lidar.translation.device.type] // max(1, most_points))
        chunks = [self(T_cam_lidar[start : start + step]) for start in range(0, len(T_cam_lidar.translation), step)]
        return ClassLosses(
            *(torch.cat([getattr(c, name) for c in chunks]) for name in ("px2", "distance_px", "points"))
        )


def by_autograd(loss: Callable[[RigidTransform], ClassLosses], vector: Tensor) -> VectorLosses:
    """Evaluate any differentiable loss at one calibration vector (6,)."""
    free = vector.detach().requires_grad_()
    batch = loss(RigidTransform.from_vector(free[None]))
    px2 = batch.px2[0]

    def gradient(weights: Tensor) -> Tensor:
        return torch.autograd.grad((px2 * weights).sum(), free, retain_graph=True)[0]

    return VectorLosses(ClassLosses(px2.detach(), batch.distance_px[0], batch.points[0]), gradient)


class _SumOfSquares(torch.autograd.Function):
    """Sum of squared pixel distances of one class in one frame, with its analytic gradient.

    With residual r = projection - nearest pixel and r held to 0 inside P_c, the gradient with respect to a point in
    the camera frame is g = 2 (dr/dp)^T r; summed, g p^T is the gradient of R and g that of t. One pass yields value
    and gradient, and nothing of the size of the cloud is kept between them.
    """

    @staticmethod
    def forward(
        ctx: Any, rotation: Tensor, translation: Tensor, part: ClassInFrame, camera: Camera
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sums of squares, of distances, and the number of points in view, each (B,)."""
        with_gradient = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        if part.points.device.type == "cpu" and (lens := camera.lens) is not None:
            arrays = _fused(*RigidTransform(rotation, translation).arrays, lens, part, with_gradient)
            sums, *gradients = (torch.from_numpy(each).to(translation.dtype) for each in arrays)
            squares, distances, count = sums.unbind(-1)
            if with_gradient:
                ctx.save_for_backward(*gradients)
            ctx.mark_non_differentiable(distances, count)
            return squares, distances, count
        points_cam = RigidTransform(rotation, translation).apply(part.points)
        u, v, visible = camera.project(points_cam)
        residual_u, residual_v = residuals(u, v, visible, part.field)
        squared = residual_u * residual_u + residual_v * residual_v
        if with_gradient:
            gradient = 2 * camera.pull_back(residual_u, residual_v, points_cam)
            ctx.save_for_backward(gradient @ part.points.mT, gradient.sum(-1))
        distances, count = squared.sqrt().sum(-1), visible.sum(-1).to(squared.dtype)
        ctx.mark_non_differentiable(distances, count)
        return squared.sum(-1), distances, count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Scale the gradients of R (B, 3, 3) and t (B, 3) that `forward` left."""
        of_rotation, of_translation = ctx.saved_tensors
        scale = grads[0]
        return scale[:, None, None] * of_rotation, scale[:, None] * of_translation, None, None


def _fused(
    rotations: _Array, translations: _Array, lens: tuple[float, ...], part: ClassInFrame, with_gradient: bool
) -> tuple[_Array, _Array, _Array]:
    """Return the three sums (B, 3) of Eq. 1, and the gradients of R (B, 3, 3) and t (B, 3) or empty ones."""
    batch = len(rotations) if with_gradient else 0
    gradients = np.zeros((batch, 3, 3)), np.zeros((batch, 3))
    sums = fused.squared_distances(rotations, translations, lens, *part.arrays, *gradients)
    return sums, *gradients


def residuals(u: Tensor, v: Tensor, visible: Tensor, field: AlignmentField) -> tuple[Tensor, Tensor]:
    """Return how far (px) places (u, v), each (...), lie from the nearest P_c pixel, along u and v.

    Both are 0 for a place inside the unit square of a P_c pixel, and for one that is not visible.
    """
    nearest_u, nearest_v = field.lookup(u, v)
    outside = visible & ((u.round() != nearest_u) | (v.round() != nearest_v))
    return (u - nearest_u) * outside, (v - nearest_v) * outside
