"""The six directions of the camera, in the order and by the names of a result."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Axis:
    """One direction.

    Attributes:
        words: What people call it.
        unit: Written after a number of it.
        scale: From the unit of a covariance, rad or m, to this one.
    """

    words: str
    unit: str
    scale: float


_DEG: Final = math.degrees(1)
AXES: Final = {
    "pitch": Axis("pitch (turn about x)", "°", _DEG),
    "yaw": Axis("yaw (turn about y)", "°", _DEG),
    "roll": Axis("roll (turn about z)", "°", _DEG),
    "right": Axis("centre, to the right (x)", " m", 1.0),
    "down": Axis("centre, down (y)", " m", 1.0),
    "forward": Axis("centre, forward (z)", " m", 1.0),
}
