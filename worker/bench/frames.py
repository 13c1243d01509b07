"""Frames of a benchmark with the classes of every pixel and point, from networks (cached) or from label files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import Segmentation
from models.catalogue import CATALOGUE
from models.label_sets import CITYSCAPES
from worker.bench.poorer_sensor import PoorerSensor
from worker.calibration.camera import Camera
from worker.calibration.frame import Frame
from worker.cameras import camera_from_model
from worker.inputs import InputError, check_label_image_size
from worker.inputs.frame_folder import FrameFolder
from worker.segmentation import (
    InputFrame,
    LabelSource,
    ModelCache,
    cloud_source,
    image_source,
    labelled_frame,
    segment_cloud,
    segment_image,
    with_intensity,
)

SegmentCall = Callable[[], Segmentation]

# Raw ids of SemanticKITTI's label files, for folders that do not say what their ids mean.
SEMANTIC_KITTI_RAW: Mapping[int, str] = {
    0: "unlabeled",
    1: "outlier",
    10: "car",
    11: "bicycle",
    13: "bus",
    15: "motorcycle",
    16: "on-rails",
    18: "truck",
    20: "other-vehicle",
    30: "person",
    31: "bicyclist",
    32: "motorcyclist",
    40: "road",
    44: "parking",
    48: "sidewalk",
    49: "other-ground",
    50: "building",
    51: "fence",
    52: "other-structure",
    60: "lane-marking",
    70: "vegetation",
    71: "trunk",
    72: "terrain",
    80: "pole",
    81: "traffic-sign",
    99: "other-object",
    252: "moving-car",
    253: "moving-bicyclist",
    254: "moving-person",
    255: "moving-motorcyclist",
    256: "moving-on-rails",
    257: "moving-bus",
    258: "moving-truck",
    259: "moving-other-vehicle",
}


@dataclass(frozen=True, eq=False)
class BenchFrame:
    """A frame with its truth.

    Attributes:
        frame: what the calibration sees.
        image: (H, W, 3) uint8 RGB, for pictures.
        camera: intrinsics and image size.
        T_cam_lidar: (4, 4) the known extrinsic, used to make the start and to judge the estimate, nowhere else.
        segmentation_seconds: what the networks took when they ran.
    """

    frame: Frame
    image: npt.NDArray[np.uint8]
    camera: Camera
    T_cam_lidar: npt.NDArray[np.float64]
    segmentation_seconds: float

    def shares_rig_with(self, other: BenchFrame) -> bool:
        """Tell whether both come from the same camera in the same place."""
        same_size = (self.camera.width, self.camera.height) == (other.camera.width, other.camera.height)
        return (
            same_size
            and np.allclose(self.camera.K, other.camera.K)
            and self.camera.projection == other.camera.projection
            and np.allclose(self.T_cam_lidar, other.T_cam_lidar)
        )


@dataclass
class SegmentationCache:
    """Keeps what networks said about an input, keyed by their weights and the input.

    Attributes:
        folder: where it is kept, or None to segment anew every time.
    """

    folder: Path | None
    models: ModelCache = field(default_factory=ModelCache)

    def image(self, frame: InputFrame, model: str) -> tuple[Segmentation, float]:
        """Segment the image by a model or `auto`; return the seconds it took, or took when it was cached."""
        source = image_source(model, None, [frame])
        return self._cached(source, frame.image.tobytes(), lambda: segment_image(frame, source, self.models))

    def cloud(self, frame: InputFrame, model: str) -> tuple[Segmentation, float]:
        """Segment the cloud by a model or `auto`; return the seconds it took, or took when it was cached."""
        source = cloud_source(model, None, [frame])
        content = with_intensity(frame.cloud).tobytes()
        return self._cached(source, content, lambda: segment_cloud(frame, source, self.models))

    def _cached(self, source: LabelSource, content: bytes, segment: SegmentCall) -> tuple[Segmentation, float]:
        model = str(source.model)
        path = self._path(model, content)
        if path is not None and path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                scores = stored.get("scores")
                names = CATALOGUE[model].class_names
                return Segmentation(stored["labels"], names, scores), float(stored["seconds"])
        started = time.perf_counter()
        segmentation = segment()
        seconds = time.perf_counter() - started
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            arrays = {"labels": segmentation.labels, "seconds": np.array(seconds)}
            if segmentation.scores is not None:
                arrays["scores"] = segmentation.scores
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, allow_pickle=False, **arrays)
            partial.replace(path)
        return segmentation, seconds

    def _path(self, model: str, content: bytes) -> Path | None:
        # What a model without weights says may change with the code; what a card names, with its file.
        if self.folder is None or model not in CATALOGUE or not CATALOGUE[model].files:
            return None
        weights = "".join(file.sha256 for file in CATALOGUE[model].files)
        key = hashlib.sha256(weights.encode() + content).hexdigest()
        return self.folder / model / f"{key}.npz"


def load_bench_frame(
    folder: FrameFolder,
    cache: SegmentationCache,
    *,
    image_model: str | None,
    cloud_model: str | None,
    labels: Path | None,
    sensor: PoorerSensor | None = None,
) -> BenchFrame:
    """Read a frame and give it classes.

    Args:
        folder: image, cloud and truth.
        cache: runs the networks.
        image_model: network for the image, or `auto`, unless `labels` is given.
        cloud_model: network for the cloud, or `auto`, unless `labels` is given.
        labels: folder whose `<frame>/image_labels.png` and `<frame>/labels.label` take the networks' place.
        sensor: what to take from the cloud; everything by default.

    Raises:
        InputError: a file is missing or broken.
    """
    cloud = (sensor or PoorerSensor()).record(folder.cloud())
    image = folder.image()
    camera = camera_from_model(folder.camera, image.shape[1], image.shape[0])
    raw = InputFrame(image, cloud, name=folder.name)
    if labels is not None:
        image_segmentation, cloud_segmentation = _labels_of(FrameFolder(labels / folder.name), raw)
        seconds = 0.0
    elif image_model is None or cloud_model is None:
        raise InputError("missing-segmentation", "Name both networks, or a folder of labels with --labels.")
    else:
        image_segmentation, image_seconds = cache.image(raw, image_model)
        cloud_segmentation, cloud_seconds = cache.cloud(raw, cloud_model)
        seconds = image_seconds + cloud_seconds
    frame = labelled_frame(raw, image_segmentation, cloud_segmentation)
    return BenchFrame(frame, image, camera, folder.T_cam_lidar, seconds)


def _labels_of(folder: FrameFolder, raw: InputFrame) -> tuple[Segmentation, Segmentation]:
    image_labels, point_labels = folder.image_labels(), folder.point_labels()
    if image_labels is None or point_labels is None:
        raise InputError("invalid-frame-folder", f"{folder.path} lacks image_labels.png or labels.label.")
    check_label_image_size(image_labels.shape, raw.image.shape)
    return (
        Segmentation(image_labels, folder.image_classes() or CITYSCAPES, None),
        Segmentation(raw.cloud.of_kept_points(point_labels), folder.point_classes() or SEMANTIC_KITTI_RAW, None),
    )
