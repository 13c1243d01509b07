"""The unified omnidirectional projection: rays meet a unit sphere, which a pinhole above its centre sees.

Mei and Rives, Single View Point Omnidirectional Camera Calibration from Planar Grids, 2007, as in OpenCV's `omnidir`;
it covers mirrors and fisheye lenses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.projections.brown_conrady import BrownConrady
from worker.calibration.projections.projection import MIN_DEPTH_M, Floats, is_measurable, radial_pull_back


@dataclass(frozen=True)
class UnifiedProjection:
    """A pinhole at height xi above the centre of the unit sphere, then Brown-Conrady.

    Attributes:
        xi: 0 for a perspective lens, 1 for a parabolic mirror; fitted to fisheye lenses it may be larger.
        distortion: what happens on the image plane.
    """

    xi: float
    distortion: BrownConrady = field(default_factory=BrownConrady)

    @cached_property
    def max_angle_rad(self) -> float:
        """See `Projection.max_angle_rad`: the end of the sphere's visible part, or of the distortion's valid disc."""
        radius = self.distortion.max_radius
        if math.isfinite(radius):
            ray, found = self._lift(np.array([radius]), np.array([0.0]))
            if found[0]:
                return math.acos(ray[2, 0])
        return math.acos(self._lowest_cosine)

    @property
    def _lowest_cosine(self) -> float:
        """Cosine of the angle where rays run along the image plane or, seen from outside the sphere, touch it."""
        return -self.xi if self.xi <= 1 else -1 / self.xi

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Projection.project`."""
        x, y, z = points_cam.unbind(-2)
        distance = (x * x + y * y + z * z).sqrt()
        on_sphere = is_measurable(distance) & (z > self._lowest_cosine * distance)
        scale = torch.where(on_sphere, z + self.xi * distance, 1.0).reciprocal()
        x, y = x * scale, y * scale
        return *self.distortion.distort(x, y), on_sphere & (x * x + y * y < self.distortion.max_radius**2)

    def pull_back(self, gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor) -> Tensor:
        """See `Projection.pull_back`."""
        x, y, z = points_cam.unbind(-2)
        distance = (x * x + y * y + z * z).sqrt().clamp_min(MIN_DEPTH_M)
        scale = torch.where(z > self._lowest_cosine * distance, z + self.xi * distance, 1.0).reciprocal()
        a, b, c = self.distortion.jacobian(x * scale, y * scale)
        xi_over_distance = self.xi / distance
        return radial_pull_back(
            a * gradient_x + b * gradient_y,
            b * gradient_x + c * gradient_y,
            points_cam,
            scale=scale,
            slope=-scale * scale * xi_over_distance,
            along_z=-scale * scale * (1 + xi_over_distance * z),
        )

    def unproject(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """See `Projection.unproject`."""
        x, y, found = self.distortion.undistort(x, y)
        rays, lifted = self._lift(x, y)
        return rays, found & lifted

    def _lift(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the places (3, N) on the sphere seen at undistorted (x, y), and which there are."""
        squared = x * x + y * y
        inside = 1 + (1 - self.xi**2) * squared
        height = (self.xi + np.sqrt(np.maximum(inside, 0.0))) / (1 + squared)
        rays = np.stack([height * x, height * y, height - self.xi])
        return rays, (inside >= 0) & (rays[2] >= self._lowest_cosine)
