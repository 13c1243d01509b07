"""The double-sphere projection: two unit spheres, one above the other, then a shifted pinhole.

Usenko, Demmel and Cremers, The Double Sphere Camera Model, 2018; Basalt and Kalibr (`ds`) write its parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.projections.projection import MIN_DEPTH_M, Floats, is_measurable, radial_pull_back

# Keeps the inverse finite at the rim of the image.
_LEAST = 1e-12


@dataclass(frozen=True)
class DoubleSphereProjection:
    """A projection for fisheye lenses with closed forms both ways.

    Attributes:
        xi: distance of the second sphere's centre from the first's, -1 to 1.
        alpha: share of the second sphere in the pinhole's shift, 0 to 1.
    """

    xi: float
    alpha: float

    @property
    def max_angle_rad(self) -> float:
        """See `Projection.max_angle_rad`."""
        return math.acos(self._lowest_cosine)

    @property
    def _lowest_cosine(self) -> float:
        """Cosine of the largest angle for which the projection is one to one.

        The radius grows with the angle at the second sphere as long as that angle's cosine is above -w1. (The paper's
        bound -w2 is looser where xi is negative, and lets places just before the rim be met twice.)
        """
        alpha, xi = self.alpha, self.xi
        w1 = alpha / (1 - alpha) if alpha <= 0.5 else (1 - alpha) / alpha
        rest = 1 - w1 * w1
        return max(-1.0, -xi * rest - w1 * math.sqrt(max(0.0, 1 - xi * xi * rest)))

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Projection.project`."""
        x, y, z = points_cam.unbind(-2)
        squared = x * x + y * y
        distance = (squared + z * z).sqrt()
        shifted = self.xi * distance + z
        second = (squared + shifted * shifted).sqrt()
        seen = is_measurable(distance) & (z > self._lowest_cosine * distance)
        scale = torch.where(seen, self.alpha * second + (1 - self.alpha) * shifted, 1.0).reciprocal()
        return x * scale, y * scale, seen

    def pull_back(self, gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor) -> Tensor:
        """See `Projection.pull_back`."""
        x, y, z = points_cam.unbind(-2)
        squared = x * x + y * y
        distance = (squared + z * z).sqrt().clamp_min(MIN_DEPTH_M)
        shifted = self.xi * distance + z
        second = (squared + shifted * shifted).sqrt().clamp_min(MIN_DEPTH_M * 1e-3)
        seen = z > self._lowest_cosine * distance
        scale = torch.where(seen, self.alpha * second + (1 - self.alpha) * shifted, 1.0).reciprocal()
        from_first = self.xi / distance
        toward_pinhole = self.alpha * shifted / second + 1 - self.alpha
        negative = -scale * scale
        return radial_pull_back(
            gradient_x,
            gradient_y,
            points_cam,
            scale=scale,
            slope=negative * (self.alpha / second + toward_pinhole * from_first),
            along_z=negative * toward_pinhole * (1 + from_first * z),
        )

    def unproject(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """See `Projection.unproject`."""
        alpha, xi = self.alpha, self.xi
        squared = x * x + y * y
        inside = 1 - (2 * alpha - 1) * squared
        z = (1 - alpha**2 * squared) / (alpha * np.sqrt(np.maximum(inside, _LEAST)) + 1 - alpha)
        within = z * z + (1 - xi**2) * squared
        scale = (z * xi + np.sqrt(np.maximum(within, 0.0))) / (z * z + squared)
        rays = np.stack([scale * x, scale * y, scale * z - xi])
        return rays, (inside >= 0) & (within >= 0) & (rays[2] >= self._lowest_cosine)
