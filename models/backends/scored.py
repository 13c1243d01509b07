"""Make a segmenter of any network that scores classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.backends.protocols import CloudNetwork, ImageNetwork
from models.errors import NetworkFailedError
from models.segmentation import Segmentation


class ScoredImageSegmenter:
    """Labels every pixel by the best score, interpolated between the cells of the network's grid."""

    def __init__(self, name: str, class_names: Mapping[int, str], network: ImageNetwork) -> None:
        self.name = name
        self._class_names = class_names
        self._network = network

    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Segment an image (H, W, 3) uint8 RGB.

        Raises:
            NetworkFailedError: the network failed, or what it gave are no scores and no labels.
        """
        height, width = image.shape[:2]
        output = _checked(self.name, self._network(image), self._class_names, num_axes=3, class_axis=0)
        if output.dtype.kind in "iu":
            labels = _nearest(output, (height, width))
            return Segmentation(labels, self._class_names, None)
        scores = torch.from_numpy(output)
        return Segmentation(_best_class(scores, (height, width)), self._class_names, _coarse(scores, (height, width)))


class ScoredCloudSegmenter:
    """Labels every point by its best score."""

    def __init__(self, name: str, class_names: Mapping[int, str], network: CloudNetwork) -> None:
        self.name = name
        self._class_names = class_names
        self._network = network

    def segment(self, points: npt.NDArray[np.float32]) -> Segmentation:
        """Segment points (N, 4) float32: x, y, z in metres in the LiDAR frame, intensity as the sensor gave it.

        Raises:
            NetworkFailedError: the network failed, or what it gave are no scores and no labels.
        """
        output = _checked(self.name, self._network(points), self._class_names, num_axes=2, class_axis=1)
        if len(output) != len(points):
            raise NetworkFailedError(f"'{self.name}' gave {len(output)} rows for {len(points)} points.")
        if output.dtype.kind in "iu":
            return Segmentation(output, self._class_names, None)
        return Segmentation(output.argmax(1).astype(np.uint16), self._class_names, output.astype(np.float16))


def _checked(
    name: str, output: npt.NDArray[Any], class_names: Mapping[int, str], *, num_axes: int, class_axis: int
) -> npt.NDArray[Any]:
    """Return scores as float32 or labels as they are, once they are what the protocol asks for."""
    output = np.asarray(output)
    if output.dtype.kind in "iu" and output.ndim == num_axes - 1 and output.size:
        if output.min() < 0 or output.max() > np.iinfo(np.uint16).max:
            raise NetworkFailedError(f"'{name}' gave class ids outside 0 to 65535.")
        return output.astype(np.uint16)
    if output.dtype.kind != "f" or output.ndim != num_axes or not output.size:
        raise NetworkFailedError(
            f"'{name}' gave {output.dtype} of shape {output.shape}; class scores are floating with {num_axes} axes, "
            f"class ids integers with {num_axes - 1}."
        )
    if output.shape[class_axis] <= max(class_names):
        raise NetworkFailedError(
            f"'{name}' scores {output.shape[class_axis]} classes, but names are given up to output {max(class_names)}: "
            "correct `classes` or `output` in its card."
        )
    if not np.isfinite(output).all():
        raise NetworkFailedError(f"'{name}' gave scores that are not finite.")
    return np.ascontiguousarray(output, np.float32)


def _nearest(labels: npt.NDArray[np.uint16], size: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """Return the label of the cell that each pixel centre of an image of `size` falls into."""
    rows, columns = (
        np.minimum((np.arange(side) + 0.5) * cells // side, cells - 1).astype(np.intp)
        for side, cells in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


def _best_class(scores: Tensor, size: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """Return (H, W): the class with the largest score at every pixel, without laying all classes out at that size."""
    best = torch.full(size, -torch.inf)
    labels = torch.zeros(size, dtype=torch.int32)
    for index, plane in enumerate(scores):
        fine = functional.interpolate(plane[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        labels.masked_fill_(fine > best, index)
        torch.maximum(best, fine, out=best)
    return labels.numpy().astype(np.uint16)


def _coarse(scores: Tensor, size: tuple[int, int]) -> npt.NDArray[np.float16]:
    """Return the scores on at most half the image's rows and columns, which is as fine as their seams are known."""
    height, width = (min(cells, (side + 1) // 2) for cells, side in zip(scores.shape[1:], size, strict=True))
    if (height, width) != tuple(scores.shape[1:]):
        scores = functional.adaptive_avg_pool2d(scores, (height, width))
    return scores.half().numpy()
