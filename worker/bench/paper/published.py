"""What the paper reports (Liu et al., IROS 2021), to stand beside what is measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Starts are wrong by up to this much roll, pitch and yaw (deg) in Tables I and II.
START_ROTATIONS_DEG = (10.0, 20.0)

# Frames the paper tests on: odometry sequences 16 to 21 after its filter, and the validation set of detection.
ODOMETRY_FRAMES = 6741
DETECTION_FRAMES = 3769


@dataclass(frozen=True)
class RotationErrors:
    """A row of Table I or II, degrees; Table II reports medians only.

    Attributes:
        quaternion_median: median angle of the rotation that is left.
        euler_median: median of the mean absolute Euler angle.
        quaternion_mean: mean angle.
        euler_mean: mean of the mean absolute Euler angle.
    """

    quaternion_median: float
    euler_median: float
    quaternion_mean: float | None = None
    euler_mean: float | None = None


# Table I, row "SemAlign (Ours)", by how wrong the starts are.
TABLE_1: Mapping[float, RotationErrors] = MappingProxyType(
    {10.0: RotationErrors(0.46, 0.23, 1.14, 0.62), 20.0: RotationErrors(0.49, 0.24, 2.59, 1.49)}
)

# Section IV-A: jobs that end worse than they began.
SHARE_WORSE_THAN_START = 0.05

# Table II, in its order: SemAlign, w/o Loss-Guided Init., w/o Constraint on #Points.
TABLE_2: tuple[Mapping[float, RotationErrors], ...] = (
    MappingProxyType({10.0: RotationErrors(0.46, 0.23), 20.0: RotationErrors(0.49, 0.24)}),
    MappingProxyType({10.0: RotationErrors(0.53, 0.27), 20.0: RotationErrors(0.93, 0.46)}),
    MappingProxyType({10.0: RotationErrors(0.51, 0.25), 20.0: RotationErrors(7.97, 4.72)}),
)

# Table III, geometric mean of the loss ratio on KITTI detection.
TABLE_3: Mapping[str, float] = MappingProxyType(
    {"official calibration": 1.00, "LCCNet": 1.26, "SemAlign": 0.74},
)

# Spearman's index in Section IV-B: of the loss with rotation and with translation errors.
FIGURE_7_ROTATION = 0.72
FIGURE_7_TRANSLATION = 0.71
