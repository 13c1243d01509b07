"""What the robust objective is made of: terms that score how well a pose explains one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.transforms import RigidTransform, rotation_from_axis_angle


@dataclass(frozen=True)
class Linearization:
    """A score at one pose with its first-order behaviour.

    The pose moves by xi = (omega, tau): p_cam becomes exp(omega) p_cam + tau, a turn of the camera about its own
    centre (rad) and a shift along its axes (m).

    Attributes:
        value: the score; higher is better.
        gradient: (6,) derivative along xi.
        information: (6, 6) mean outer product of the single points' gradients, the empirical Fisher information of
            one observation (Berndt, Hall, Hall and Hausman 1974).
    """

    value: float
    gradient: Tensor
    information: Tensor

    @classmethod
    def weighted_sum(cls, parts: list[tuple[float, Linearization]]) -> Linearization:
        """Add scores of independent terms."""
        return cls(
            sum(weight * part.value for weight, part in parts),
            torch.stack([weight * part.gradient for weight, part in parts]).sum(0),
            torch.stack([weight * part.information for weight, part in parts]).sum(0),
        )


class Term(Protocol):
    """One cue of one frame."""

    def score(self, T_cam_lidar: RigidTransform) -> Tensor:
        """Return the scores (B,) of a batch of poses; what chance gives where nothing is in view."""
        ...

    def thinned(self, count: int) -> Term:
        """Return the same term over about `count` points."""
        ...

    def linearize(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return score, gradient and information at one pose (unbatched)."""
        ...


def moved(T_cam_lidar: RigidTransform, xi: Tensor) -> RigidTransform:
    """Move poses by xi = (omega, tau), shape (..., 6), in the camera frame."""
    return RigidTransform(rotation_from_axis_angle(xi[..., :3]), xi[..., 3:]) @ T_cam_lidar


def point_gradients(camera: Camera, along_u: Tensor, along_v: Tensor, points_cam: Tensor) -> Tensor:
    """Carry derivatives (N,) along u and v of each point's score to its derivatives (6, N) along xi."""
    pull = camera.pull_back(along_u, along_v, points_cam)
    return torch.cat([torch.linalg.cross(points_cam, pull, dim=0), pull])
