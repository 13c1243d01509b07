"""How far a model can be trusted: up to the first place where what must hold does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from worker.calibration.projections.projection import Floats

_BISECTIONS = 40


def end_of_validity(holds: Callable[[Floats], npt.NDArray[np.bool_]], samples: Floats) -> float:
    """Return the value up to which a condition holds, infinite where it holds at all samples.

    Args:
        holds: tells at which values (M,) the condition holds, (M,).
        samples: (M,) ascending, dense enough that the condition fails at one of them where it fails; it holds at the
            first one.
    """
    valid = holds(samples)
    if valid.all():
        return math.inf
    first = int(valid.argmin())
    low, high = samples[first - 1], samples[first]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(np.array([middle]))[0] else (low, middle)
    return float(low)
