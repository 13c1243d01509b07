"""Rendered frames as training examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """An image whose every pixel has a class.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) uint8 indices of classes.
    """

    image: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rendered images in memory.

    Attributes:
        images: the examples, by the name of their folder.
        class_names: what the indices mean: consecutive from 0.
    """

    images: Sequence[LabelledImage]
    class_names: Mapping[int, str]


def read_examples(folder: Path) -> Examples:
    """Read all frames below a folder that `semalign render` wrote.

    Raises:
        FileNotFoundError: there is none; or a frame lacks its labels.
        ValueError: the frames disagree about the classes.
    """
    frames = sorted(path.parent for path in folder.glob("*/image_labels.png"))
    if not frames:
        raise FileNotFoundError(f"{folder} holds no rendered frames: make some with `semalign render --varied`.")
    tables = {(frame / "image_classes.json").read_text() for frame in frames}
    if len(tables) != 1:
        raise ValueError(f"the frames in {folder} were rendered with different classes: render them anew.")
    names = {int(label): name for label, name in json.loads(tables.pop()).items()}
    index_of = np.full(256, 255, np.uint8)
    index_of[list(names)] = np.arange(len(names))
    return Examples([_read(frame, index_of) for frame in frames], dict(enumerate(names.values())))


def _read(frame: Path, index_of: npt.NDArray[np.uint8]) -> LabelledImage:
    image = np.asarray(Image.open(frame / "image.png").convert("RGB"))
    return LabelledImage(image, index_of[np.asarray(Image.open(frame / "image_labels.png"))])
