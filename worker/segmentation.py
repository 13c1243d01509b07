"""The segmentation stage: label arrays of a frame, from networks or from what the caller uploaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from models import CloudSegmenter, ImageSegmenter, Segmentation, load_cloud_model, load_image_model
from models.automatic import AUTO, Choice, choose_cloud_model, choose_image_model
from models.taxonomy import common_class
from worker.calibration.frame import ClassTable, Frame
from worker.inputs import PointCloud


@dataclass(frozen=True, eq=False)
class InputFrame:
    """One frame as the caller sent it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        cloud: the LiDAR sweep.
        image_labels: (H, W) class ids, where the caller segmented the image.
        point_labels: (N,) class ids of `cloud.points`, where the caller segmented the cloud.
        name: how messages call the frame.
    """

    image: npt.NDArray[np.uint8]
    cloud: PointCloud
    image_labels: npt.NDArray[Any] | None = None
    point_labels: npt.NDArray[Any] | None = None
    name: str = "frame 0"


@dataclass(frozen=True)
class LabelSource:
    """Where the classes of one modality come from: a network by name, or uploaded labels with their map.

    Attributes:
        model: name of the network.
        label_map: class name of every uploaded id.
        reason: why that network, where `auto` chose it.
    """

    model: str | None = None
    label_map: Mapping[int, str] | None = None
    reason: str | None = None

    @classmethod
    def chosen(cls, choice: Choice) -> LabelSource:
        """Take what `auto` chose."""
        return cls(model=choice.name, reason=choice.reason)

    def describe(self) -> dict[str, str]:
        """Say it in a result."""
        if self.model is None:
            return {"source": "uploaded labels"}
        named = {"source": "network", "name": self.model}
        return named if self.reason is None else {**named, "reason": self.reason}


def image_source(model: str | None, label_map: Mapping[int, str] | None, frames: Sequence[InputFrame]) -> LabelSource:
    """Settle where the classes of all images come from: no name means the uploaded labels, or else `auto`."""
    if model is None and frames[0].image_labels is not None:
        return LabelSource(label_map=label_map)
    return LabelSource(model) if model not in (None, AUTO) else LabelSource.chosen(choose_image_model())


def cloud_source(model: str | None, label_map: Mapping[int, str] | None, frames: Sequence[InputFrame]) -> LabelSource:
    """Settle where the classes of all clouds come from; `auto` looks at the first, since one sensor recorded all."""
    if model is None and frames[0].point_labels is not None:
        return LabelSource(label_map=label_map)
    if model not in (None, AUTO):
        return LabelSource(model)
    return LabelSource.chosen(choose_cloud_model(with_intensity(frames[0].cloud)))


@dataclass
class ModelCache:
    """The networks of this process, each loaded once.

    Attributes:
        device: where they run.
    """

    device: str = "cpu"
    _image: dict[str, ImageSegmenter] = field(default_factory=dict)
    _cloud: dict[str, CloudSegmenter] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def image_model(self, name: str) -> ImageSegmenter:
        """Return the image network `name`; raises `models.ModelError` when there is none."""
        with self._lock:
            if name not in self._image:
                self._image[name] = load_image_model(name, device=self.device)
            return self._image[name]

    def cloud_model(self, name: str) -> CloudSegmenter:
        """Return the cloud network `name`; raises `models.ModelError` when there is none."""
        with self._lock:
            if name not in self._cloud:
                self._cloud[name] = load_cloud_model(name, device=self.device)
            return self._cloud[name]


def segment_image(frame: InputFrame, source: LabelSource, models: ModelCache) -> Segmentation:
    """Give every pixel a class."""
    if source.model is not None:
        return models.image_model(source.model).segment(frame.image)
    return _uploaded(frame.image_labels, source)


def segment_cloud(frame: InputFrame, source: LabelSource, models: ModelCache) -> Segmentation:
    """Give every point a class."""
    if source.model is not None:
        return models.cloud_model(source.model).segment(with_intensity(frame.cloud))
    return _uploaded(frame.point_labels, source)


def with_intensity(cloud: PointCloud) -> npt.NDArray[np.float32]:
    """Return the points as networks take them, (N, 4) float32 x y z intensity; 0 without an intensity."""
    intensity = np.zeros(len(cloud.points), np.float32) if cloud.intensity is None else cloud.intensity
    return np.column_stack([cloud.points, intensity])


def labelled_frame(frame: InputFrame, image: Segmentation, cloud: Segmentation) -> Frame:
    """Join both segmentations into what the calibration takes."""
    return Frame(
        image_labels=image.labels,
        image_classes=class_table(image.class_names),
        points=frame.cloud.points,
        point_labels=cloud.labels,
        point_classes=class_table(cloud.class_names),
        image_scores=image.scores,
        point_scores=cloud.scores,
        image=frame.image,
        intensity=frame.cloud.intensity,
        name=frame.name,
    )


def class_table(names: Mapping[int, str]) -> ClassTable:
    """Map native names onto the common ones."""
    return ClassTable(native=dict(names), common={label: common_name(name) for label, name in names.items()})


def common_name(name: str) -> str:
    """Return the name that both modalities share; one the taxonomy does not know stands for itself, in any case."""
    return common_class(name) or name.lower()


def _uploaded(labels: npt.NDArray[Any] | None, source: LabelSource) -> Segmentation:
    if labels is None or source.label_map is None:
        raise ValueError("neither a network nor labels with a map were given")
    return Segmentation(labels=labels, class_names=source.label_map, scores=None)
