"""One job from its inputs to its result: segmentation, then the calibration, then the pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models import Segmentation
from worker.calibration import progress as core
from worker.calibration.calibrate import calibrate
from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import Frame
from worker.calibration.result import CalibrationResult
from worker.calibration.transforms import RigidTransform
from worker.cameras import camera_from_model
from worker.inputs.request import CalibrationRequest
from worker.overlay import overlay_png
from worker.report import result_object
from worker.segmentation import (
    InputFrame,
    LabelSource,
    ModelCache,
    cloud_source,
    common_name,
    image_source,
    labelled_frame,
    segment_cloud,
    segment_image,
)
from worker.unfamiliar_images import doubt_unfamiliar
from worker.version import __version__
from worker.view import view_artifacts

Stage = Literal["segmentation", "initialization", "refinement"]

# Where each stage lies on the scale of a whole job, by the time it usually takes.
_SPAN: dict[Stage, tuple[float, float]] = {
    "segmentation": (0.0, 0.3),
    "initialization": (0.3, 0.65),
    "refinement": (0.65, 1.0),
}


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        stage: what is at work.
        fraction: share of that stage done, 0 to 1.
        loss: best alignment loss so far (Eq. 1, px^2), once there is one.
    """

    stage: Stage
    fraction: float
    loss: float | None = None

    @property
    def overall(self) -> float:
        """Return the share of the whole job done, 0 to 1."""
        start, end = _SPAN[self.stage]
        return start + self.fraction * (end - start)


OnProgress = Callable[[Progress], None]
"""Called from the working thread; an exception it raises (`worker.errors.Cancelled`) ends the job."""


@dataclass(frozen=True, eq=False)
class PipelineInputs:
    """What a job works on: the request and the decoded frames."""

    request: CalibrationRequest
    frames: Sequence[InputFrame]


@dataclass(frozen=True, eq=False)
class PipelineOutput:
    """What a job leaves behind.

    Attributes:
        result: the JSON `result` object.
        overlays: PNG files of the first frame, by stage: `initial` and `final`.
        estimated: false when no calibration could be estimated and the initial extrinsic is returned for want of one.
        view: what a viewer needs of the first frame, by the names of the artifacts.
    """

    result: dict[str, Any]
    overlays: dict[str, bytes]
    estimated: bool
    view: dict[str, bytes]


def run(inputs: PipelineInputs, models: ModelCache, on_progress: OnProgress) -> PipelineOutput:
    """Segment, calibrate and draw.

    Raises:
        models.ModelError: a network cannot be had.
        ValueError: the frames do not belong to one camera.
    """
    request, job = inputs.request, start(inputs, models, on_progress)

    began = time.perf_counter()
    result = calibrate(job.frames, job.camera, job.given, job.config, lambda p: on_progress(from_core(p)))
    result = doubt_unfamiliar(result, job.image_classes.model, job.frames)
    seconds = {"segmentation": job.segmentation_seconds, "calibration": time.perf_counter() - began}

    # The robust profile climbs scores of its own, which change from stage to stage: no curve of the loss.
    loss_history = result.record.history if request.profile == "paper" else ()
    return PipelineOutput(
        result=result_object(
            result,
            seconds=seconds,
            models=job.describe_classes(),
            seed=request.seed,
            version=__version__,
            dropped_points=sum(int((~frame.cloud.kept).sum()) for frame in inputs.frames),
        ),
        overlays=_overlays(inputs.frames[0], job.frames[0], job.camera, result),
        estimated=result.outcome.is_success,
        view=view_artifacts(job.frames[0], request.camera, job.config.classes, loss_history),
    )


@dataclass(frozen=True, eq=False)
class StartedJob:
    """A job of any kind once all its pixels and points have a class.

    Attributes:
        frames: with their classes.
        camera: intrinsics and image size.
        given: T_cam_lidar of the request, unbatched, float64.
        config: the core's settings.
        image_classes, cloud_classes: where the classes came from.
        segmentation_seconds: what the segmentation took.
    """

    frames: list[Frame]
    camera: Camera
    given: RigidTransform
    config: CalibrationConfig
    image_classes: LabelSource
    cloud_classes: LabelSource
    segmentation_seconds: float

    def describe_classes(self) -> dict[str, dict[str, str]]:
        """Say in a result where the classes of each modality came from."""
        return {"image": self.image_classes.describe(), "cloud": self.cloud_classes.describe()}


def start(inputs: PipelineInputs, models: ModelCache, on_progress: OnProgress) -> StartedJob:
    """Do what every job begins with: settle camera and sources of classes, and segment.

    Raises:
        models.ModelError: a network cannot be had.
        ValueError: the frames do not belong to one camera.
    """
    request = inputs.request
    camera = camera_of(request, inputs.frames)
    began = time.perf_counter()
    image_classes = image_source(request.image_model, request.image_label_map, inputs.frames)
    cloud_classes = cloud_source(request.cloud_model, request.point_label_map, inputs.frames)
    frames = segment(inputs.frames, image_classes, cloud_classes, models, on_progress)
    return StartedJob(
        frames=frames,
        camera=camera,
        given=RigidTransform.from_matrix(request.initial.matrix()),
        config=calibration_config(request, models.device),
        image_classes=image_classes,
        cloud_classes=cloud_classes,
        segmentation_seconds=time.perf_counter() - began,
    )


def segment(
    inputs: Sequence[InputFrame],
    image_classes: LabelSource,
    cloud_classes: LabelSource,
    models: ModelCache,
    on_progress: OnProgress,
) -> list[Frame]:
    """Give every pixel and point of all frames a class."""
    frames = []
    for index, frame in enumerate(inputs):
        on_progress(Progress("segmentation", index / len(inputs)))
        image: Segmentation = segment_image(frame, image_classes, models)
        on_progress(Progress("segmentation", (index + 0.5) / len(inputs)))
        frames.append(labelled_frame(frame, image, segment_cloud(frame, cloud_classes, models)))
    on_progress(Progress("segmentation", 1.0))
    return frames


def camera_of(request: CalibrationRequest, frames: Sequence[InputFrame]) -> Camera:
    """Return the camera of the request with the size of its images.

    Raises:
        ValueError: the images differ in size.
    """
    sizes = {frame.image.shape[:2] for frame in frames}
    if len(sizes) != 1:
        raise ValueError("all images of one request must have the same size: they share one camera")
    height, width = sizes.pop()
    return camera_from_model(request.camera, width, height)


def calibration_config(request: CalibrationRequest, device: str) -> CalibrationConfig:
    """Translate the request into the core's settings."""
    options = request.options
    return CalibrationConfig(
        profile=request.profile,
        prior=Prior(request.prior.rotation_deg, request.prior.translation_m),
        classes=tuple(dict.fromkeys(map(common_name, options.classes))),
        num_samples=options.num_samples,
        min_points_in_view=options.min_points_in_view,
        learning_rate=options.learning_rate,
        num_iterations=options.num_iterations,
        hold_translation=options.hold_translation,
        seed=request.seed,
        device=device,
    )


def from_core(progress: core.Progress) -> Progress:
    """Translate what the core tells of how far it is."""
    return Progress(progress.stage, progress.fraction, progress.loss)


def _overlays(raw: InputFrame, frame: Frame, camera: Camera, result: CalibrationResult) -> dict[str, bytes]:
    return {
        "initial": overlay_png(raw.image, frame, camera, result.initial_T_cam_lidar),
        "final": overlay_png(raw.image, frame, camera, result.T_cam_lidar),
    }
