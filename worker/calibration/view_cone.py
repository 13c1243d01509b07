"""Which points can come into view at all, so that the search need not project those behind the vehicle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.config import Prior
from worker.calibration.transforms import RigidTransform, max_angle_of_euler_box

# Refinement may leave the prior a little; points this much further out are kept for it.
_SLACK_RAD = math.radians(5.0)


@dataclass(frozen=True)
class ViewCone:
    """The cone of directions that any extrinsic within the prior can see.

    Attributes:
        apex: (3,) camera centre, LiDAR frame, m.
        axis: (3,) unit vector along the optical axis, LiDAR frame.
        half_angle_rad: opening of the cone around the axis.
        apex_radius_m: how far the camera centre may be off.
    """

    apex: Tensor
    axis: Tensor
    half_angle_rad: float
    apex_radius_m: float

    @classmethod
    def around(cls, initial: RigidTransform, camera: Camera, prior: Prior) -> ViewCone:
        """Build the cone around an initial T_cam_lidar (unbatched)."""
        half_angle = camera.max_ray_angle_rad() + max_angle_of_euler_box(math.radians(prior.rotation_deg)) + _SLACK_RAD
        return cls(initial.center(), initial.rotation[2], half_angle, math.sqrt(3) * prior.translation_m)

    @classmethod
    def everywhere(cls) -> ViewCone:
        """Return the cone that leaves no point out."""
        return cls(torch.zeros(3), torch.tensor([0.0, 0.0, 1.0]), math.pi, 0.0)

    def contains(self, points: Tensor) -> Tensor:
        """Tell which of the points (3, N), LiDAR frame, may be seen: (N,) bool.

        Points so far out that their distance overflows may not: no sensor measured them.
        """
        rays = points - self.apex[:, None]
        distance = (rays * rays).sum(0).sqrt()
        cosine = (self.axis @ rays) / distance.clamp_min(1e-9)
        # Seen from a camera elsewhere within the radius, a point at distance d turns by at most asin(radius / d); one
        # inside the radius may lie in any direction.
        sine = (self.apex_radius_m / distance.clamp_min(1e-9)).clamp(max=1.0)
        # Cosines are compared instead of angles: no arc cosine a point.
        cosine_of_both = math.cos(self.half_angle_rad) * (1 - sine * sine).sqrt() - math.sin(self.half_angle_rad) * sine
        beyond_half_turn = sine >= (math.sin(self.half_angle_rad) if self.half_angle_rad > math.pi / 2 else 1.0)
        return torch.isfinite(distance) & (beyond_half_turn | (cosine >= cosine_of_both))

    def select(self, points: Tensor) -> Tensor:
        """Return those of the points (3, N), LiDAR frame, that may be seen: (3, M)."""
        return points[:, self.contains(points)].contiguous()
