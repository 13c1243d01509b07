"""What the robust objective is made of: terms that score how well a pose explains one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.robust import kernels
from worker.calibration.transforms import RigidTransform, rotation_from_axis_angle

Packed = Tensor | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Linearization:
    """A score at one pose with its first-order behaviour.

    The pose moves by xi = (omega, tau): p_cam becomes exp(omega) p_cam + tau, a turn of the camera about its own
    centre (rad) and a shift along its axes (m).

    Attributes:
        packed: (43,) float64: value, gradient and information one after the other, so that terms are added as one array
            and one copy takes all of it off a device. A tensor on the device of its term, or an array.
    """

    packed: Packed

    @classmethod
    def of(cls, value: Tensor, gradient: Tensor, information: Tensor) -> Linearization:
        """Pack a value (), a gradient (6,) and an information matrix (6, 6) where they are."""
        return cls(torch.cat([value.view(1), gradient, information.flatten()]).double())

    @property
    def value(self) -> float:
        """Return the score; higher is better."""
        return float(self.packed[0])

    @property
    def gradient(self) -> Tensor:
        """Return the derivative along xi, (6,)."""
        return torch.as_tensor(self.packed[1:7])

    @property
    def information(self) -> Tensor:
        """Return the mean outer product of the single points' gradients, (6, 6).

        It is the empirical Fisher information of one observation (Berndt, Hall, Hall and Hausman 1974).
        """
        return torch.as_tensor(self.packed[7:]).reshape(6, 6)

    def on_host(self) -> npt.NDArray[np.float64]:
        """Return `packed` as an array."""
        return self.packed.cpu().numpy() if isinstance(self.packed, Tensor) else self.packed


class Term(Protocol):
    """One cue of one frame."""

    @property
    def points(self) -> Tensor:
        """Return the points (3, N) that it looks up, LiDAR frame, metres."""
        ...

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


def stepped(T_cam_lidar: RigidTransform, xi: npt.NDArray[np.float64]) -> RigidTransform:
    """Do the same with one pose and xi (6,): climbs take hundreds of steps, and tensors of nine numbers are slow."""
    like = T_cam_lidar.translation
    rotation, translation = (
        torch.from_numpy(each).to(like) for each in kernels.moved(*T_cam_lidar.arrays, np.ascontiguousarray(xi))
    )
    return RigidTransform(rotation, translation)


def point_gradients(camera: Camera, along_u: Tensor, along_v: Tensor, points_cam: Tensor) -> Tensor:
    """Carry derivatives (N,) along u and v of each point's score to its derivatives (6, N) along xi."""
    pull = camera.pull_back(along_u, along_v, points_cam)
    return torch.cat([torch.linalg.cross(points_cam, pull, dim=0), pull])
