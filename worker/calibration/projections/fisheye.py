"""The equidistant fisheye projection: the distance from the image centre is a polynomial of the angle.

Kannala and Brandt, A Generic Camera Model and Calibration Method for Conventional, Wide-Angle, and Fish-Eye Lenses,
2006, in the form of OpenCV's `fisheye`; ROS calls it `equidistant`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.projections.limits import end_of_validity
from worker.calibration.projections.projection import NEXT_TO_AXIS_M, Floats, Values, is_measurable, radial_pull_back

# The ray straight back would land in every direction at once.
_WIDEST_RAD = math.pi - 1e-6
_TABLE_SIZE = 2000
_NEWTON_STEPS = 4


@dataclass(frozen=True)
class FisheyeProjection:
    """A lens that may see more than half a sphere.

    Attributes:
        coefficients: k1 to k4 of radius = theta (1 + k1 theta^2 + k2 theta^4 + k3 theta^6 + k4 theta^8), with theta the
            angle (rad) from the optical axis.
    """

    coefficients: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @cached_property
    def max_angle_rad(self) -> float:
        """See `Projection.max_angle_rad`: the first angle at which the radius stops growing."""
        angles = np.linspace(0.0, _WIDEST_RAD, _TABLE_SIZE)
        return min(_WIDEST_RAD, end_of_validity(lambda values: self._slope(values) > 0, angles))

    def project(self, points_cam: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Projection.project`."""
        x, y, z = points_cam.unbind(-2)
        off_axis = (x * x + y * y).sqrt().clamp_min(NEXT_TO_AXIS_M)
        angle = torch.atan2(off_axis, z)
        scale = self._radius(angle) / off_axis
        measurable = is_measurable((off_axis * off_axis + z * z).sqrt())
        return x * scale, y * scale, measurable & (angle < self.max_angle_rad)

    def pull_back(self, gradient_x: Tensor, gradient_y: Tensor, points_cam: Tensor) -> Tensor:
        """See `Projection.pull_back`."""
        x, y, z = points_cam.unbind(-2)
        squared = (x * x + y * y).clamp_min(NEXT_TO_AXIS_M**2)
        off_axis = squared.sqrt()
        angle = torch.atan2(off_axis, z)
        scale = self._radius(angle) / off_axis
        turn = self._slope(angle) / (squared + z * z)
        slope = (turn * z - scale) / squared
        return radial_pull_back(gradient_x, gradient_y, points_cam, scale=scale, slope=slope, along_z=-turn)

    def unproject(self, x: Floats, y: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """See `Projection.unproject`."""
        limit = self.max_angle_rad
        angles = np.linspace(0.0, limit, _TABLE_SIZE)
        radius = np.hypot(x, y)
        angle = np.interp(radius, self._radius(angles), angles)
        inside = radius < self._radius(np.array(limit))
        for _ in range(_NEWTON_STEPS):
            slope = np.where(inside, self._slope(angle), 1.0)
            angle = np.clip(angle - (self._radius(angle) - radius) / slope, 0.0, limit)
        share = np.divide(np.sin(angle), radius, out=np.ones_like(radius), where=radius > 0)
        return np.stack([x * share, y * share, np.cos(angle)]), inside

    def _radius(self, angle: Values) -> Values:
        k1, k2, k3, k4 = self.coefficients
        squared = angle * angle
        return angle * (1 + squared * (k1 + squared * (k2 + squared * (k3 + squared * k4))))

    def _slope(self, angle: Values) -> Values:
        k1, k2, k3, k4 = self.coefficients
        squared = angle * angle
        return 1 + squared * (3 * k1 + squared * (5 * k2 + squared * (7 * k3 + squared * (9 * k4))))
