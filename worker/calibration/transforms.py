"""Rigid transforms and the axis-angle chart of rotations, batched and differentiable.

Frames are named so that neighbours cancel: `p_cam = T_cam_lidar.apply(p_lidar)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# Below this squared angle (rad^2) the closed forms lose digits and their series are exact to rounding.
SMALL_SQUARED_ANGLE = 1e-4


def skew(vector: Tensor) -> Tensor:
    """Return the cross-product matrices [v]x, shape (..., 3, 3), of vectors (..., 3)."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*vector.shape[:-1], 3, 3)


def rotation_from_axis_angle(axis_angle: Tensor) -> Tensor:
    """Map axis-angle vectors (..., 3), in radians, to rotation matrices (..., 3, 3).

    Rodrigues' formula R = I + (sin t / t) [a]x + ((1 - cos t) / t^2) [a]x^2 with t = |a|. Near zero both factors
    are taken from their Taylor series in t^2, so that value and gradient stay finite at the identity.
    """
    squared = (axis_angle * axis_angle).sum(-1)[..., None, None]
    small = squared < SMALL_SQUARED_ANGLE
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    first = torch.where(small, 1 - squared / 6 + squared**2 / 120, angle.sin() / angle)
    # 2 sin^2(t/2) instead of 1 - cos t keeps all digits for small angles.
    second = torch.where(small, 0.5 - squared / 24 + squared**2 / 720, 2 * (angle / 2).sin() ** 2 / safe)
    cross = skew(axis_angle)
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return identity + first * cross + second * (cross @ cross)


def quaternion_wxyz_from_rotation(rotation: Tensor) -> Tensor:
    """Map rotation matrices (..., 3, 3) to unit quaternions (..., 4), order w x y z, with w >= 0.

    Of the four algebraically equal forms the one with the largest divisor is taken (Shepperd 1978), so that no
    rotation, half turns included, divides by a small number.
    """
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = rotation.flatten(-2).unbind(-1)
    rows = torch.stack(
        [
            torch.stack([1 + r00 + r11 + r22, r21 - r12, r02 - r20, r10 - r01], -1),
            torch.stack([r21 - r12, 1 + r00 - r11 - r22, r10 + r01, r02 + r20], -1),
            torch.stack([r02 - r20, r10 + r01, 1 - r00 + r11 - r22, r21 + r12], -1),
            torch.stack([r10 - r01, r02 + r20, r21 + r12, 1 - r00 - r11 + r22], -1),
        ],
        -2,
    )
    best = rows.diagonal(dim1=-2, dim2=-1).argmax(-1)
    row = rows.gather(-2, best[..., None, None].expand(*best.shape, 1, 4)).squeeze(-2)
    quaternion = row / row.norm(dim=-1, keepdim=True)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def axis_angle_from_rotation(rotation: Tensor) -> Tensor:
    """Map rotation matrices (..., 3, 3) to axis-angle vectors (..., 3), in radians, of length at most pi.

    The inverse of `rotation_from_axis_angle`, through the quaternion: 2 atan2(|v|, w) / |v| is smooth at the
    identity (series) and well conditioned at half turns, where the matrix logarithm is not.
    """
    quaternion = quaternion_wxyz_from_rotation(rotation)
    w, v = quaternion[..., :1], quaternion[..., 1:]
    squared = (v * v).sum(-1, keepdim=True)
    small = squared < SMALL_SQUARED_ANGLE
    norm = torch.where(small, torch.ones_like(squared), squared).sqrt()
    ratio = squared / (w * w).clamp_min(0.5)
    series = (2 / w.clamp_min(0.5)) * (1 - ratio / 3 + ratio**2 / 5 - ratio**3 / 7)
    return v * torch.where(small, series, 2 * torch.atan2(norm, w) / norm)


def rotation_from_euler_xyz(angles: Tensor) -> Tensor:
    """Map angles (..., 3), in radians, about the fixed axes x, then y, then z to rotations Rz Ry Rx (..., 3, 3)."""
    axes = torch.eye(3, dtype=angles.dtype, device=angles.device)
    about_x, about_y, about_z = (rotation_from_axis_angle(angles[..., i : i + 1] * axes[i]) for i in range(3))
    return about_z @ about_y @ about_x


@dataclass(frozen=True)
class RigidTransform:
    """A batch of rigid transforms p' = R p + t.

    Attributes:
        rotation: (..., 3, 3), orthonormal with determinant 1.
        translation: (..., 3), metres.
    """

    rotation: Tensor
    translation: Tensor

    @classmethod
    def from_matrix(
        cls, matrix: Tensor | np.ndarray, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
    ) -> RigidTransform:
        """Take the upper rows of homogeneous matrices (..., 4, 4)."""
        tensor = torch.as_tensor(matrix, dtype=dtype, device=device)
        return cls(tensor[..., :3, :3], tensor[..., :3, 3])

    @classmethod
    def from_vector(cls, vector: Tensor) -> RigidTransform:
        """Build extrinsics T_cam_lidar from calibration vectors c = (a, t), shape (..., 6).

        As in the paper's M_ex = [R | -R t], `a` is the axis-angle of R (rad) and `t` the camera centre in the LiDAR
        frame (m), not the translation column (Section III-A).
        """
        rotation = rotation_from_axis_angle(vector[..., :3])
        return cls(rotation, -(rotation @ vector[..., 3:, None]).squeeze(-1))

    def to_vector(self) -> Tensor:
        """Return the calibration vectors c = (a, t), shape (..., 6): axis-angle (rad) and camera centre (m)."""
        return torch.cat([axis_angle_from_rotation(self.rotation), self.center()], -1)

    def center(self) -> Tensor:
        """Return the origin of the target frame in source coordinates, -R^T t: for T_cam_lidar the camera centre."""
        return -(self.rotation.mT @ self.translation[..., None]).squeeze(-1)

    def matrix(self) -> Tensor:
        """Return homogeneous matrices (..., 4, 4)."""
        upper = torch.cat([self.rotation, self.translation[..., None]], -1)
        lower = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=upper.dtype, device=upper.device)
        return torch.cat([upper, lower.expand(*upper.shape[:-2], 1, 4)], -2)

    @cached_property
    def arrays(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return rotations (..., 3, 3) and translations (..., 3) as contiguous arrays, for loops outside of torch."""
        return (
            np.ascontiguousarray(self.rotation.detach().cpu().numpy(), np.float64),
            np.ascontiguousarray(self.translation.detach().cpu().numpy(), np.float64),
        )

    def inverse(self) -> RigidTransform:
        """Return the inverse transforms: T_lidar_cam of T_cam_lidar."""
        return RigidTransform(self.rotation.mT, self.center())

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        """Compose: (A @ B).apply(p) equals A.apply(B.apply(p)). Batches broadcast."""
        translation = (self.rotation @ other.translation[..., None]).squeeze(-1) + self.translation
        return RigidTransform(self.rotation @ other.rotation, translation)

    def apply(self, points: Tensor) -> Tensor:
        """Transform points (3, N), one column each, by every transform of the batch: (..., 3, N)."""
        return self.rotation @ points + self.translation[..., None]

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> RigidTransform:
        """Return the same transforms in another precision or on another device."""
        return RigidTransform(
            self.rotation.to(device=device, dtype=dtype), self.translation.to(device=device, dtype=dtype)
        )

    def __iter__(self) -> Iterator[RigidTransform]:
        """Go through the first dimension of the batch."""
        return (RigidTransform(r, t) for r, t in zip(self.rotation, self.translation, strict=True))

    def __getitem__(self, index: object) -> RigidTransform:
        """Select from the batch."""
        return RigidTransform(self.rotation[index], self.translation[index])  # type: ignore[index]


def rotation_angle_rad(rotation: Tensor) -> Tensor:
    """Return the angles (...,), in radians, of rotations (..., 3, 3)."""
    return axis_angle_from_rotation(rotation).norm(dim=-1)


def sample_perturbations(
    count: int,
    rotation_rad: float,
    translation_m: float,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
) -> RigidTransform:
    """Draw `count` random transforms E of the camera frame: T_cam_lidar becomes E @ T_cam_lidar.

    Roll, pitch and yaw are uniform within +-`rotation_rad` and the offsets along the camera's axes uniform within
    +-`translation_m`; the camera turns about its own centre. Drawn on the CPU, so that a seed means the same
    candidates on every device.
    """
    angles = (2 * torch.rand(count, 3, generator=generator, dtype=torch.float64) - 1) * rotation_rad
    offsets = (2 * torch.rand(count, 3, generator=generator, dtype=torch.float64) - 1) * translation_m
    return RigidTransform(rotation_from_euler_xyz(angles), offsets).to(dtype=dtype)


def max_angle_of_euler_box(rotation_rad: float) -> float:
    """Return the largest angle (rad) of roll, pitch and yaw of at most `rotation_rad` each, applied in turn.

    The scalar part of the composed quaternion is at least cos^3 - sin^3 of the half angle; from right angles on, a
    half turn can be reached.
    """
    if rotation_rad >= math.pi / 2:
        return math.pi
    return 2 * math.acos(math.cos(rotation_rad / 2) ** 3 - math.sin(rotation_rad / 2) ** 3)
