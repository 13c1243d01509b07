"""What segmentation offers to the rest of semalign, and what a network of your own has to offer to be plugged in."""

from typing import Any, Protocol

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


class ImageNetwork(Protocol):
    """The little that a network for images has to do: an image in, class scores out."""

    def __call__(self, image: npt.NDArray[np.uint8], /) -> npt.NDArray[Any]:
        """Score the classes of an image (H, W, 3) uint8 RGB.

        Returns:
            Probabilities (C, h, w), floating, on a grid of any size that covers the same extent as the image; or class
            ids (h, w), integers, from a network that has no scores.
        """


class CloudNetwork(Protocol):
    """The little that a network for clouds has to do: points in, class scores out."""

    def __call__(self, points: npt.NDArray[np.float32], /) -> npt.NDArray[Any]:
        """Score the classes of points (N, 4) float32: x, y, z in metres in the LiDAR frame, intensity.

        Returns:
            Probabilities (N, C), floating; or class ids (N,), integers, from a network that has no scores.
        """
