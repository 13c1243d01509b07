"""What every projection does: rays to the image plane, gradients back to the points, places of the plane back to rays.

The image plane has no unit: (x, y) are coordinates that the intrinsics K turn into pixels, u = fx x + s y + cx and
v = fy y + cy. For the ideal pinhole they are X / Z and Y / Z.
"""

from __future__ import annotations

import math
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# Nearer than this (m) a LiDAR point lies on the vehicle; along the optical axis, also behind a camera that looks ahead.
MIN_DEPTH_M = 0.1

# Keeps divisions by the distance from the optical axis (m) finite, in single precision too.
NEXT_TO_AXIS_M = 1e-9

Floats = npt.NDArray[np.float64]
Values = TypeVar("Values", Tensor, Floats)


class Projection(Protocol):
    """A projection of rays to the image plane.

    A model that was fitted to what the image shows says nothing about rays beyond, and many fold them back into it.
    `max_angle_rad` is where the model stops being one to one; rays at larger angles are not seen.
    """

    @property
    def max_angle_rad(self) -> float:
        """Return the angle (rad) from the optical axis up to which the model is one to one, at most pi."""
        ...

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project points (..., 3, N), one column each, in the camera frame (m).

        Returns:
            The coordinates x and y on the image plane, each (..., N), and the mask (..., N) of points that the model
            can see; the coordinates of the others are meaningless and may be infinite or NaN.
        """
        ...

    def pull_back(self, gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor) -> Tensor:
        """Carry gradients with respect to x and y, each (..., N), back to the projected points: (..., 3, N).

        This is J^T g with J the Jacobian of `project`. Points that the model cannot see come with zero gradients.
        """
        ...

    def unproject(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the unit rays (3, N), camera frame, to places x and y, each (N,), and which there are, (N,)."""
        ...


def is_measurable(distance: Tensor) -> Tensor:
    """Tell which distances (...), m, from the camera a LiDAR measures: neither on the vehicle nor overflowing."""
    return (distance > MIN_DEPTH_M) & (distance < math.inf)


def radial_pull_back(
    gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor, *, scale: Tensor, slope: Tensor, along_z: Tensor
) -> Tensor:
    """Carry gradients back through x = X s and y = Y s, where s depends on Z and on rho = (X^2 + Y^2)^0.5 only.

    Args:
        gradient_x: (..., N).
        gradient_y: (..., N).
        points_cam: (..., 3, N), columns (X, Y, Z).
        scale: s, (..., N).
        slope: the derivative of s along rho, divided by rho, (..., N).
        along_z: the derivative of s along Z, (..., N).
    """
    x, y, _ = points_cam.unbind(-2)
    radial = gradient_x * x + gradient_y * y
    outwards = radial * slope
    return torch.stack([gradient_x * scale + outwards * x, gradient_y * scale + outwards * y, radial * along_z], -2)
