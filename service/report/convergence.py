"""The course of the refinement as a line for an inline SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 200
# A curve is drawn with no more corners than a screen shows.
_MOST_POINTS = 400


@dataclass(frozen=True)
class Curve:
    """A line over the steps of the refinement.

    Attributes:
        points: `x,y` pairs as SVG has them, in a box of WIDTH x HEIGHT.
        first, last: The objective at both ends.
        lowest, highest: Its range, which spans the height of the box.
        steps: How many there were.
    """

    points: str
    first: float
    last: float
    lowest: float
    highest: float
    steps: int


def curve_of(history: Sequence[float]) -> Curve | None:
    """Draw the objective over the steps; None where there are not two finite values."""
    finite = [(step, value) for step, value in enumerate(history) if math.isfinite(value)]
    if len(finite) < 2:
        return None
    stride = -(-len(finite) // _MOST_POINTS)
    kept = [*finite[:-1:stride], finite[-1]]
    values = [value for _, value in finite]
    lowest, highest = min(values), max(values)
    span, steps = (highest - lowest) or 1.0, finite[-1][0] or 1
    points = " ".join(
        f"{WIDTH * step / steps:.1f},{HEIGHT * (1 - (value - lowest) / span):.1f}" for step, value in kept
    )
    return Curve(points, values[0], values[-1], lowest, highest, len(history))
