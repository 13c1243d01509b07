"""Object pixel sets: the pixels P_c and the points R_c of each class (Section III-B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.calibration.frame import Frame


@dataclass(frozen=True)
class ObjectPixelSets:
    """P_c and R_c of one class in one frame.

    Attributes:
        name: the class.
        pixels: (H, W) bool, true on P_c.
        points: (M, 3), metres, LiDAR frame: the points whose projections are R_c.
    """

    name: str
    pixels: np.ndarray
    points: np.ndarray

    @property
    def is_common(self) -> bool:
        """Tell whether both modalities saw the class, so that it can be aligned."""
        return bool(self.pixels.any()) and len(self.points) > 0


def object_pixel_sets(frame: Frame, classes: Sequence[str]) -> list[ObjectPixelSets]:
    """Gather P_c and R_c of every class in `classes`, empty ones included, in that order."""
    return [
        ObjectPixelSets(
            name=name,
            pixels=np.isin(frame.image_labels, frame.image_classes.ids_of(name)),
            points=frame.points[np.isin(frame.point_labels, frame.point_classes.ids_of(name))],
        )
        for name in classes
    ]
