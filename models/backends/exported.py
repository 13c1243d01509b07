"""Networks in ONNX and TorchScript files, fed and read as their card says."""

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from models.backends.protocols import CloudNetwork, ImageNetwork
from models.backends.runners import OnnxRunner, Runner, TorchScriptRunner
from models.cards.card import ExportedNetwork
from models.cards.tensors import ImageInput, NetworkOutput, PointsInput, RangeImageInput
from models.errors import NetworkFailedError
from models.processing.bilinear_resize import resize_bilinear
from models.processing.knn_vote import knn_vote
from models.processing.range_image import EMPTY, RangeImage, RangeImageGeometry, project


def load_image_network(network: ExportedNetwork, path: Path, device: str) -> ImageNetwork:
    """Return a network for images, loaded."""
    assert isinstance(network.input, ImageInput)
    return ExportedImageNetwork(_runner(network, path, device), network.input, network.output)


def load_cloud_network(network: ExportedNetwork, path: Path, device: str) -> CloudNetwork:
    """Return a network for clouds, loaded."""
    runner = _runner(network, path, device)
    if isinstance(network.input, RangeImageInput):
        return ExportedRangeImageNetwork(runner, network.input, network.output)
    assert isinstance(network.input, PointsInput)
    return ExportedPointsNetwork(runner, network.input, network.output)


class ExportedImageNetwork:
    """A network that takes an image."""

    def __init__(self, runner: Runner, takes: ImageInput, gives: NetworkOutput) -> None:
        self._runner, self._takes, self._gives = runner, takes, gives

    def __call__(self, image: npt.NDArray[np.uint8], /) -> npt.NDArray[Any]:
        """Score the classes of an image (H, W, 3) uint8 RGB."""
        return read_output(self._runner(image_array(image, self._takes)), self._gives, num_axes=2, default="first")


class ExportedPointsNetwork:
    """A network that takes the points themselves."""

    def __init__(self, runner: Runner, takes: PointsInput, gives: NetworkOutput) -> None:
        self._runner, self._takes, self._gives = runner, takes, gives

    def __call__(self, points: npt.NDArray[np.float32], /) -> npt.NDArray[Any]:
        """Score the classes of points (N, 4) float32."""
        rows = points.T if self._takes.layout == "BCN" else points
        batch = rows if self._takes.layout == "NC" else rows[None]
        scores = read_output(self._runner(np.ascontiguousarray(batch)), self._gives, num_axes=1, default="last")
        return scores.T if scores.ndim == 2 else scores


class ExportedRangeImageNetwork:
    """A network that takes a spherical projection; points get what their pixel or its neighbours say.

    A point without a direction, at the origin, gets equal scores, or class 0 where the network gives labels only.
    """

    def __init__(self, runner: Runner, takes: RangeImageInput, gives: NetworkOutput) -> None:
        self._runner, self._takes, self._gives = runner, takes, gives
        self._geometry = RangeImageGeometry(takes.height, takes.width, takes.fov_up_deg, takes.fov_down_deg)

    def __call__(self, points: npt.NDArray[np.float32], /) -> npt.NDArray[Any]:
        """Score the classes of points (N, 4) float32."""
        visible = np.flatnonzero((points[:, :3] != 0).any(1))
        image = project(points[visible, :3], self._geometry)
        output = read_output(
            self._runner(range_image_array(points[visible], image, self._takes)),
            self._gives,
            num_axes=2,
            default="first",
        )
        if output.shape[-2:] != (self._takes.height, self._takes.width):
            raise NetworkFailedError(f"the network gave {output.shape[-2:]} for a range image of {image.ranges.shape}")
        if output.ndim == 2:
            labels = np.zeros(len(points), np.int64)
            labels[visible] = self._labels(output, image)
            return labels
        scores = np.full((len(points), len(output)), 1 / len(output), np.float32)
        scores[visible] = output.reshape(len(output), -1).T[image.pixels]
        if self._takes.vote:
            scores[visible] = _with_winner(scores[visible], self._labels(output.argmax(0), image))
        return scores

    def _labels(self, pixel_labels: npt.NDArray[Any], image: RangeImage) -> npt.NDArray[np.int64]:
        """Return the class of every point that has a direction."""
        if not self._takes.vote:
            return pixel_labels.ravel()[image.pixels].astype(np.int64)
        # The vote keeps class 0 for pixels without a point; the network's classes move up by one.
        labels = torch.from_numpy(pixel_labels.astype(np.int64) + 1)
        ranges, pixels, point_ranges = map(torch.from_numpy, (image.ranges, image.pixels, image.point_ranges))
        voted = knn_vote(labels, ranges, pixels, point_ranges, int(labels.max()) + 1)
        return voted.numpy() - 1


def image_array(image: npt.NDArray[np.uint8], takes: ImageInput) -> npt.NDArray[Any]:
    """Return an image (H, W, 3) uint8 RGB as the network takes it, with a batch axis."""
    size = takes.size or _fitting_size(image.shape[0], image.shape[1], takes)
    array: npt.NDArray[Any] = image if image.shape[:2] == size else resize_bilinear(image, size)
    if takes.colour == "bgr":
        array = array[:, :, ::-1]
    if takes.dtype == "float32":
        scaled = array.astype(np.float32) * np.float32(takes.scale)
        array = (scaled - np.array(takes.mean, np.float32)) / np.array(takes.std, np.float32)
    batch = array[None] if takes.layout == "NHWC" else array.transpose(2, 0, 1)[None]
    return np.ascontiguousarray(batch)


def range_image_array(
    points: npt.NDArray[np.float32], image: RangeImage, takes: RangeImageInput
) -> npt.NDArray[np.float32]:
    """Return the channels of a range image (1, channels, height, width) float32; 0 where no point fell."""
    filled = image.owners != EMPTY
    planes = {"range": image.ranges, "mask": filled.astype(np.float32)}
    planes |= {name: points[:, i][image.owners] for i, name in enumerate(("x", "y", "z", "intensity"))}
    stack = np.stack([planes[channel] for channel in takes.channels]).astype(np.float32)
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (takes.mean, takes.std))
    return np.where(filled, (stack - mean) / std, np.float32(0))[None].astype(np.float32)


def read_output(
    array: npt.NDArray[Any], gives: NetworkOutput, *, num_axes: int, default: Literal["first", "last"]
) -> npt.NDArray[Any]:
    """Return probabilities with the classes first, or class ids.

    Args:
        array: what the network gave.
        gives: what its card says that is.
        num_axes: axes besides the classes: 2 for images, 1 for points.
        default: where the classes lie unless the card says so.

    Raises:
        NetworkFailedError: the array does not have these axes.
    """
    expected = num_axes + (gives.kind != "labels")
    array = array[0] if array.ndim == expected + 1 and array.shape[0] == 1 else array
    if array.ndim != expected:
        raise NetworkFailedError(
            f"the network gave {array.dtype} of shape {array.shape}, which are no {gives.kind} with {expected} axes: "
            "correct `output` in its card."
        )
    if gives.kind == "labels":
        return array.astype(np.int64)
    scores = torch.from_numpy(np.asarray(array, np.float32))
    if (gives.class_axis or default) == "last":
        scores = scores.movedim(-1, 0)
    return (scores.softmax(0) if gives.kind == "logits" else scores).contiguous().numpy()


def _fitting_size(height: int, width: int, takes: ImageInput) -> tuple[int, int]:
    """Return the size an image goes through at, where the network does not ask for one."""
    scale = min(1.0, math.sqrt(takes.max_pixels / (height * width)))
    step = takes.multiple_of
    return step * math.ceil(height * scale / step), step * math.ceil(width * scale / step)


def _with_winner(scores: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the scores (N, C) with the best one given to the class the neighbours voted for."""
    rows, best = np.arange(len(scores)), scores.argmax(1)
    swapped = scores.copy()
    swapped[rows, best], swapped[rows, labels] = scores[rows, labels], scores[rows, best]
    return swapped


def _runner(network: ExportedNetwork, path: Path, device: str) -> Runner:
    kind = OnnxRunner if network.format == "onnx" else TorchScriptRunner
    return kind(path, network.output.name, device)
