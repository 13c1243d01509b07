"""A frame: one image and one LiDAR sweep taken at the same moment, as label arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class ClassTable:
    """What the ids of one label array mean.

    Attributes:
        native: id -> the name its network or annotator gave it.
        common: id -> the name both modalities share, for those ids that have one.
    """

    native: Mapping[int, str]
    common: Mapping[int, str]

    def ids_of(self, name: str) -> list[int]:
        """Return the ids whose common name is `name`."""
        return [label for label, common in self.common.items() if common == name]


@dataclass(frozen=True)
class Frame:
    """One image and one LiDAR sweep with the class of every pixel and point.

    Attributes:
        image_labels: (H, W) integer class ids.
        image_classes: what these ids mean.
        points: (N, 3) float, metres, LiDAR frame.
        point_labels: (N,) integer class ids.
        point_classes: what these ids mean.
        image_scores: optional (C, h, w) class probabilities on a grid that spans the same image.
        point_scores: optional (N, C) class probabilities.
        image: optional (H, W, 3) uint8 RGB, for cues that need no classes.
        intensity: optional (N,) reflected intensity in any unit, for cues that need no classes.
        name: how messages call this frame.
    """

    image_labels: np.ndarray
    image_classes: ClassTable
    points: np.ndarray
    point_labels: np.ndarray
    point_classes: ClassTable
    image_scores: np.ndarray | None = None
    point_scores: np.ndarray | None = None
    image: np.ndarray | None = None
    intensity: np.ndarray | None = None
    name: str = field(default="frame")

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        if self.image_labels.ndim != 2:
            raise ValueError(f"image labels must be (H, W), not {self.image_labels.shape}")
        if self.points.ndim != 2 or self.points.shape[1] != 3:
            raise ValueError(f"points must be (N, 3), not {self.points.shape}")
        if self.point_labels.shape != self.points.shape[:1]:
            raise ValueError(f"{len(self.points)} points need as many labels, not {self.point_labels.shape}")
