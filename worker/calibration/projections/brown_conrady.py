"""The distortion of Brown and Conrady: radial, as a polynomial or a ratio of two, and tangential.

Brown, Decentering Distortion of Lenses, 1966; in OpenCV's form and order of coefficients, which ROS calls `plumb_bob`
(k1 k2 p1 p2 k3) and `rational_polynomial` (k1 k2 p1 p2 k3 k4 k5 k6).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from worker.calibration.projections.limits import end_of_validity
from worker.calibration.projections.projection import Floats, Values

# Angles from the optical axis at which the model is tried, up to just before 90 degrees, and directions around it.
_ANGLES = np.linspace(0.0, np.radians(89.9), 2000)
_DIRECTIONS = np.linspace(0.0, 2 * np.pi, 72, endpoint=False)
_NEWTON_STEPS = 12
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class BrownConrady:
    """Distortion of coordinates on the image plane.

    Attributes:
        coefficients: k1 k2 p1 p2, then k3, then k4 k5 k6: 0, 4, 5 or 8 numbers.
    """

    coefficients: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.coefficients) not in {0, 4, 5, 8}:
            raise ValueError(f"plumb_bob takes 4 or 5 coefficients and rational 8, not {len(self.coefficients)}")

    @cached_property
    def _padded(self) -> tuple[float, ...]:
        return (*self.coefficients, *[0.0] * (8 - len(self.coefficients)))

    @cached_property
    def max_radius(self) -> float:
        """The radius up to which the distortion is one to one, infinite where it is everywhere.

        The Jacobian is symmetric. On a disc where it is positive definite everywhere, no two places meet; the radius is
        that of the largest such disc.
        """
        return end_of_validity(self._keeps_order, np.tan(_ANGLES))

    def distort(self, x: Values, y: Values) -> tuple[Values, Values]:
        """Return where places (x, y), each (...), go."""
        _, _, p1, p2, *_ = self._padded
        squared = x * x + y * y
        factor, _ = self._radial(squared)
        xy = 2 * x * y
        return (
            x * factor + p1 * xy + p2 * (squared + 2 * x * x),
            y * factor + p2 * xy + p1 * (squared + 2 * y * y),
        )

    def jacobian(self, x: Values, y: Values) -> tuple[Values, Values, Values]:
        """Return the entries xx, xy and yy, each (...), of the symmetric Jacobian of `distort`."""
        _, _, p1, p2, *_ = self._padded
        factor, derivative = self._radial(x * x + y * y)
        return (
            factor + 2 * x * x * derivative + 2 * p1 * y + 6 * p2 * x,
            2 * x * y * derivative + 2 * p1 * x + 2 * p2 * y,
            factor + 2 * y * y * derivative + 6 * p1 * y + 2 * p2 * x,
        )

    def undistort(self, x: Floats, y: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        """Return the places within `max_radius` that go to (x, y), each (N,), and which there are, (N,).

        Newton's method, from where the radial part alone would lead.
        """
        limit = min(self.max_radius, float(np.tan(_ANGLES[-1])))
        radii = np.tan(np.linspace(0.0, np.arctan(limit), len(_ANGLES)))
        radius = np.hypot(x, y)
        guess = np.interp(radius, radii * self._radial(radii * radii)[0], radii)
        share = np.divide(guess, radius, out=np.ones_like(radius), where=radius > 0)
        at_x, at_y = x * share, y * share
        for _ in range(_NEWTON_STEPS):
            ahead_x, ahead_y = self.distort(at_x, at_y)
            a, b, c = self.jacobian(at_x, at_y)
            error_x, error_y, determinant = ahead_x - x, ahead_y - y, a * c - b * b
            at_x = at_x - (c * error_x - b * error_y) / determinant
            at_y = at_y - (a * error_y - b * error_x) / determinant
            held = np.minimum(1.0, limit / np.maximum(np.hypot(at_x, at_y), _TOLERANCE))
            at_x, at_y = at_x * held, at_y * held
        ahead_x, ahead_y = self.distort(at_x, at_y)
        return at_x, at_y, np.hypot(ahead_x - x, ahead_y - y) <= _TOLERANCE * (1 + radius)

    def _radial(self, squared: Values) -> tuple[Values, Values]:
        """Return the radial factor and its derivative, each (...), at squared radii (...)."""
        k1, k2, _, _, k3, k4, k5, k6 = self._padded
        above = 1 + squared * (k1 + squared * (k2 + squared * k3))
        above_slope = k1 + squared * (2 * k2 + squared * (3 * k3))
        if not (k4 or k5 or k6):
            return above, above_slope
        below = 1 + squared * (k4 + squared * (k5 + squared * k6))
        below_slope = k4 + squared * (2 * k5 + squared * (3 * k6))
        factor = above / below
        return factor, (above_slope - factor * below_slope) / below

    def _keeps_order(self, radii: Floats) -> npt.NDArray[np.bool_]:
        """Tell at which radii (M,) the Jacobian is positive definite in every direction, (M,)."""
        _, _, p1, p2, *_ = self._padded
        directions = _DIRECTIONS if p1 or p2 else _DIRECTIONS[:1]
        x, y = radii[:, None] * np.cos(directions), radii[:, None] * np.sin(directions)
        with np.errstate(all="ignore"):
            a, b, c = self.jacobian(x, y)
            definite = (a > 0) & (a * c > b * b)
        return np.asarray(definite.all(axis=1))
