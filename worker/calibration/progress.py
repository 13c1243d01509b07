"""What a running calibration tells about itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["initialization", "refinement"]


@dataclass(frozen=True)
class Progress:
    """One report.

    Attributes:
        stage: the part of Section III at work.
        fraction: share of that stage done, 0 to 1.
        loss: best alignment loss so far (Eq. 1, px^2), once there is one.
    """

    stage: Stage
    fraction: float
    loss: float | None = None


OnProgress = Callable[[Progress], None]
"""Called from the calibrating thread; an exception it raises ends the calibration."""


def silent(_: Progress) -> None:
    """Report to nobody."""
