"""Running a job in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.errors import EXIT_BAD_INPUT, CommandError
from service.cli.job import CalibrationJob, FinishedJob, FrameFiles, JobProgress, OnJobProgress
from worker.inputs import (
    InputError,
    check_label_image_size,
    read_image,
    read_label_image,
    read_point_cloud,
    read_point_labels,
)
from worker.inputs.request import check_is_calibration
from worker.storage import VIEW

if TYPE_CHECKING:
    from worker.segmentation import InputFrame


def run_in_process(job: CalibrationJob, on_progress: OnJobProgress, device: str = "cpu") -> FinishedJob:
    """Read the files, calibrate, and return what came out.

    Args:
        job: what to calibrate.
        on_progress: told how far it is.
        device: where to compute, `cpu`, `cuda` or `cuda:N`.

    Raises:
        InputError: a file cannot be used, or the request is none of a calibration.
        models.ModelError: a network cannot be had.
        CommandError: the frames do not belong together, or there is no such device.
    """
    check_is_calibration(job.request)
    frames = [_read_frame(frame) for frame in job.frames]
    if len({frame.image.shape for frame in frames}) > 1:
        raise CommandError("All images of one job come from one camera: give images of one size.", EXIT_BAD_INPUT)
    on_progress(JobProgress("loading", 0.0))
    from worker.pipeline import PipelineInputs, run
    from worker.segmentation import ModelCache

    _check_device(device)
    output = run(
        PipelineInputs(job.request, frames),
        ModelCache(device=device),
        lambda progress: on_progress(JobProgress(progress.stage, progress.overall, progress.loss)),
    )
    return FinishedJob(output.result, output.overlays, output.estimated, view=json.loads(output.view[VIEW]))


def _read_frame(files: FrameFiles) -> InputFrame:
    with _named(files.image):
        image = read_image(files.image)
    with _named(files.point_cloud):
        cloud = read_point_cloud(files.point_cloud, files.point_cloud.name)
    image_labels = point_labels = None
    if files.image_labels is not None:
        with _named(files.image_labels):
            image_labels = read_label_image(files.image_labels)
            check_label_image_size(image_labels.shape, image.shape)
    if files.point_labels is not None:
        with _named(files.point_labels):
            point_labels = cloud.of_kept_points(read_point_labels(files.point_labels, files.point_labels.name))
    from worker.segmentation import InputFrame

    return InputFrame(image, cloud, image_labels, point_labels, name=files.image.name)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file a sentence is: a job may have many."""
    try:
        yield
    except InputError as error:
        if path.name in error.message:
            raise
        raise InputError(error.code, f"{path}: {error.message}") from error


def _check_device(device: str) -> None:
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise CommandError(
            "There is no CUDA device here that torch can use: leave --device out, or install a CUDA build of torch.",
            EXIT_BAD_INPUT,
        )
