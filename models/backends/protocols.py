"""What every segmentation backend offers."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.segmentation import Segmentation


class ImageSegmenter(Protocol):
    """Gives every pixel of an image a class."""

    @property
    def name(self) -> str:
        """Name of the model."""

    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Segment an image (H, W, 3) uint8 RGB."""


class CloudSegmenter(Protocol):
    """Gives every point of a LiDAR sweep a class."""

    @property
    def name(self) -> str:
        """Name of the model."""

    def segment(self, points: npt.NDArray[np.float32]) -> Segmentation:
        """Segment points (N, 4) float32: x, y, z in metres in the LiDAR frame, intensity as the sensor gave it."""
