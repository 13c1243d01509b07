"""How far frames lead away from an extrinsic, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, chndtrinc

from worker.calibration.robust.confidence import AXES

_DIRECTIONS = len(AXES)
_UNITS = (math.degrees(1),) * 3 + (1.0,) * 3


@dataclass(frozen=True)
class DriftTest:
    """A test of the hypothesis that an extrinsic is still right.

    The statistic is the squared Mahalanobis distance of the departure in all six directions, as a chi-squared variable
    with six degrees of freedom after division by `inflation`. All six, although mounts turn rather than shift: a turn
    and the shift that looks like it are strongly correlated, and only together small in doubt.

    Attributes:
        false_alarms: share of right extrinsics that may be called drifted.
        power: share of the drifts of the smallest visible size that are called so.
        inflation: factor on the stated covariance, chosen on the frames that docs/benchmarks.md names.
    """

    false_alarms: float = 0.01
    power: float = 0.9
    inflation: float = 0.85

    @property
    def threshold(self) -> float:
        """Return the statistic from which on an extrinsic is called drifted."""
        return float(chdtri(_DIRECTIONS, self.false_alarms))

    @property
    def visible_distance(self) -> float:
        """Return the Mahalanobis distance of the smallest drift that is seen with `power`."""
        return math.sqrt(float(chndtrinc(self.threshold, _DIRECTIONS, 1 - self.power)) * self.inflation)


@dataclass(frozen=True, eq=False)
class Departure:
    """What leads from an extrinsic to the one that frames ask for.

    Attributes:
        xi: (6,) turn (rad) and shift (m) in the camera frame, in the order of `AXES`.
        covariance: (6, 6) of it.
    """

    xi: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]

    @property
    def rotation_deg(self) -> float:
        """Return the angle of the turn."""
        return math.degrees(float(np.linalg.norm(self.xi[:3])))

    @property
    def shift_m(self) -> float:
        """Return the length of the shift."""
        return float(np.linalg.norm(self.xi[3:]))

    @property
    def along(self) -> Mapping[str, float]:
        """Return the departure along each of `AXES`: deg for turns, m for shifts."""
        return {name: float(x) * unit for name, x, unit in zip(AXES, self.xi, _UNITS, strict=True)}

    @property
    def mahalanobis_squared(self) -> float:
        """Return its squared length in standard deviations."""
        return float(self.xi @ np.linalg.solve(self.covariance, self.xi))

    def statistic(self, test: DriftTest) -> float:
        """Return what the test compares with its threshold."""
        return self.mahalanobis_squared / test.inflation

    def smallest_visible(self, test: DriftTest) -> Mapping[str, float]:
        """Return, for each of `AXES`, the smallest drift along it alone that is seen with the test's power."""
        precision = np.diag(np.linalg.inv(self.covariance))
        sizes = test.visible_distance / np.sqrt(precision)
        return {name: float(size) * unit for name, size, unit in zip(AXES, sizes, _UNITS, strict=True)}
