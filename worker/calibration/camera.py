"""The camera: intrinsics, projection and what counts as in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.projections.projection import MIN_DEPTH_M, Floats, Projection

__all__ = ["MIN_DEPTH_M", "Camera"]

# Where a point is said to land whose coordinates overflowed: outside of every image.
_NOWHERE_PX = -1e9
# Places along each side of the image at which the widest ray is looked for.
_BORDER_PLACES = 65


@dataclass(frozen=True)
class Camera:
    """A camera, the ideal pinhole unless it says otherwise.

    Attributes:
        K: (3, 3) intrinsics in pixels, last row 0 0 1; the centre of the top-left pixel is (0, 0).
        width: image width in pixels.
        height: image height in pixels.
        projection: how rays reach the image plane, which K turns into pixels; None for the ideal pinhole.
    """

    K: np.ndarray
    width: int
    height: int
    projection: Projection | None = None

    @property
    def lens(self) -> tuple[float, float, float, float, float, float, float] | None:
        """Return fx, skew, cx, fy, cy, width and height of an ideal pinhole, pixels; None for every other camera."""
        if self.projection is not None:
            return None
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        return fx, skew, cx, fy, cy, float(self.width), float(self.height)

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project points (..., 3, N), one column each, in the camera frame (m).

        Returns:
            The pixel coordinates u and v, each (..., N), and the mask (..., N) of points in view: in front of the
            camera, where its model holds, and inside the image. Pixels of points that are not in view are finite, and
            those of points that the camera cannot see meaningless.
        """
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        if self.projection is None:
            x, y, z = points_cam.unbind(-2)
            seen = z > MIN_DEPTH_M
            inverse_depth = torch.where(seen, z, 1.0).reciprocal()
            u = (fx * x + skew * y) * inverse_depth + cx if skew else fx * x * inverse_depth + cx
            v = fy * y * inverse_depth + cy
        else:
            x, y, seen = self.projection.project(points_cam)
            u, v = fx * x + skew * y + cx, fy * y + cy
        u, v = (pixels.nan_to_num(nan=_NOWHERE_PX) for pixels in (u, v))
        return u, v, seen & self.contains(u, v)

    def pull_back(self, gradient_u: Tensor, gradient_v: Tensor, points_cam: Tensor) -> Tensor:
        """Carry gradients with respect to pixels, each (..., N), back to the projected points: (..., 3, N).

        This is J^T g with J the Jacobian of `project`. Points that are not in view must come with zero gradients.
        """
        (fx, skew, _), (_, fy, _), _ = self.K.tolist()
        if self.projection is not None:
            return self.projection.pull_back(fx * gradient_u, fy * gradient_v + skew * gradient_u, points_cam)
        x, y, z = points_cam.unbind(-2)
        inverse_depth = torch.where(z > MIN_DEPTH_M, z, 1.0).reciprocal()
        along_x = fx * gradient_u * inverse_depth
        along_y = (fy * gradient_v + skew * gradient_u) * inverse_depth
        along_z = -(along_x * x + along_y * y) * inverse_depth
        return torch.stack([along_x, along_y, along_z], -2)

    def unproject(self, u: Floats, v: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the unit rays (3, N), camera frame, through pixels (u, v), each (N,), and which there are, (N,)."""
        x, y, _ = np.linalg.inv(self.K) @ np.stack([u, v, np.ones_like(u)])
        if self.projection is not None:
            return self.projection.unproject(x, y)
        rays = np.stack([x, y, np.ones_like(x)])
        return rays / np.linalg.norm(rays, axis=0), np.ones(x.shape, dtype=bool)

    def contains(self, u: Tensor, v: Tensor) -> Tensor:
        """Tell which pixels (...,) lie inside the image: [-0.5, width - 0.5) x [-0.5, height - 0.5)."""
        return (u >= -0.5) & (u < self.width - 0.5) & (v >= -0.5) & (v < self.height - 0.5)

    def max_ray_angle_rad(self) -> float:
        """Return the largest angle (rad) between the optical axis and a ray through the image.

        It belongs to a ray through the border or, where the model does not reach all of it, to where the model ends.
        """
        along_u = np.linspace(-0.5, self.width - 0.5, _BORDER_PLACES)
        along_v = np.linspace(-0.5, self.height - 0.5, _BORDER_PLACES)
        u = np.concatenate([along_u, along_u, np.full_like(along_v, along_u[0]), np.full_like(along_v, along_u[-1])])
        v = np.concatenate([np.full_like(along_u, along_v[0]), np.full_like(along_u, along_v[-1]), along_v, along_v])
        rays, found = self.unproject(u, v)
        if self.projection is not None and not found.all():
            return self.projection.max_angle_rad
        return float(np.arccos(np.clip(rays[2], -1.0, 1.0)).max())
