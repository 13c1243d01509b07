"""The perspective projection with distortion: X / Z and Y / Z, then Brown-Conrady."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.projections.brown_conrady import BrownConrady
from worker.calibration.projections.projection import MIN_DEPTH_M, Floats


@dataclass(frozen=True)
class PerspectiveProjection:
    """A perspective projection whose image is distorted.

    Attributes:
        distortion: what happens on the image plane.
    """

    distortion: BrownConrady

    @property
    def max_angle_rad(self) -> float:
        """See `Projection.max_angle_rad`."""
        return math.atan(self.distortion.max_radius)

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Projection.project`."""
        x, y, in_front = _over_depth(points_cam)
        seen = in_front & (x * x + y * y < self.distortion.max_radius**2)
        return *self.distortion.distort(x, y), seen

    def pull_back(self, gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor) -> Tensor:
        """See `Projection.pull_back`."""
        x, y, _ = _over_depth(points_cam)
        a, b, c = self.distortion.jacobian(x, y)
        depth = points_cam.select(-2, 2)
        inverse_depth = torch.where(depth > MIN_DEPTH_M, depth, 1.0).reciprocal()
        along_x = (a * gradient_x + b * gradient_y) * inverse_depth
        along_y = (b * gradient_x + c * gradient_y) * inverse_depth
        return torch.stack([along_x, along_y, -(along_x * x + along_y * y)], -2)

    def unproject(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """See `Projection.unproject`."""
        x, y, found = self.distortion.undistort(x, y)
        rays = np.stack([x, y, np.ones_like(x)])
        return rays / np.linalg.norm(rays, axis=0), found


def _over_depth(points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return X / Z, Y / Z and which points lie in front, each (..., N)."""
    x, y, z = points_cam.unbind(-2)
    in_front = z > MIN_DEPTH_M
    inverse_depth = torch.where(in_front, z, 1.0).reciprocal()
    return x * inverse_depth, y * inverse_depth, in_front
