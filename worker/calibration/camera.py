"""The pinhole camera: intrinsics, projection and what counts as in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Nearer than this (m, along the optical axis) a LiDAR point lies on the vehicle or behind the camera.
MIN_DEPTH_M = 0.1
# Where a point is said to land whose coordinates overflowed: outside of every image.
_NOWHERE_PX = -1e9


@dataclass(frozen=True)
class Camera:
    """An ideal pinhole camera.

    Attributes:
        K: (3, 3) intrinsics in pixels, last row 0 0 1; the centre of the top-left pixel is (0, 0).
        width: image width in pixels.
        height: image height in pixels.
    """

    K: np.ndarray
    width: int
    height: int

    @property
    def lens(self) -> tuple[float, float, float, float, float, float, float] | None:
        """Return fx, skew, cx, fy, cy, width and height of an ideal pinhole, for code that projects by itself.

        None where points have to go through `project`.
        """
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        return fx, skew, cx, fy, cy, float(self.width), float(self.height)

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project points (..., 3, N), one column each, in the camera frame (m).

        Returns:
            The pixel coordinates u and v, each (..., N), and the mask (..., N) of points in view: in front of the
            camera and inside the image. Pixels of points that are not in view are finite, and those of points that are
            not in front meaningless.
        """
        x, y, z = points_cam.unbind(-2)
        in_front = z > MIN_DEPTH_M
        inverse_depth = torch.where(in_front, z, 1.0).reciprocal()
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        u = (fx * x + skew * y) * inverse_depth + cx if skew else fx * x * inverse_depth + cx
        v = fy * y * inverse_depth + cy
        u, v = (pixels.nan_to_num(nan=_NOWHERE_PX) for pixels in (u, v))
        return u, v, in_front & self.contains(u, v)

    def pull_back(self, gradient_u: Tensor, gradient_v: Tensor, points_cam: Tensor) -> Tensor:
        """Carry gradients with respect to pixels, each (..., N), back to the projected points: (..., 3, N).

        This is J^T g with J the Jacobian of `project`. Points that are not in front must come with zero gradients.
        """
        x, y, z = points_cam.unbind(-2)
        inverse_depth = torch.where(z > MIN_DEPTH_M, z, 1.0).reciprocal()
        (fx, skew, _), (_, fy, _), _ = self.K.tolist()
        along_x = fx * gradient_u * inverse_depth
        along_y = (fy * gradient_v + skew * gradient_u) * inverse_depth
        along_z = -(along_x * x + along_y * y) * inverse_depth
        return torch.stack([along_x, along_y, along_z], -2)

    def contains(self, u: Tensor, v: Tensor) -> Tensor:
        """Tell which pixels (...,) lie inside the image: [-0.5, width - 0.5) x [-0.5, height - 0.5)."""
        return (u >= -0.5) & (u < self.width - 0.5) & (v >= -0.5) & (v < self.height - 0.5)

    def max_ray_angle_rad(self) -> float:
        """Return the largest angle (rad) between the optical axis and a ray through the image."""
        corners = np.array([[u, v, 1.0] for u in (-0.5, self.width - 0.5) for v in (-0.5, self.height - 0.5)])
        rays = corners @ np.linalg.inv(self.K).T
        return float(np.arccos(rays[:, 2] / np.linalg.norm(rays, axis=1)).max())
