"""Which of the aligned classes a frame shows: the paper leaves out frames that lack one, here they are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.calibration.frame import Frame
from worker.calibration.object_sets import object_pixel_sets


@dataclass(frozen=True)
class ClassCount:
    """How much of a class a frame shows.

    Attributes:
        pixels: pixels of the image.
        points: points of the whole sweep, in view or not: the paper's filter looks at both modalities by themselves.
    """

    pixels: int
    points: int


def class_counts(frame: Frame, classes: Sequence[str]) -> dict[str, ClassCount]:
    """Count pixels and points of every class."""
    return {
        sets.name: ClassCount(int(sets.pixels.sum()), len(sets.points)) for sets in object_pixel_sets(frame, classes)
    }


def lacking(counts: dict[str, ClassCount]) -> list[str]:
    """Say which classes are missing where, such as "car in the image"; empty where all are there."""
    return [
        f"{name} in the {modality}"
        for name, count in counts.items()
        for modality, number in (("image", count.pixels), ("cloud", count.points))
        if number == 0
    ]
