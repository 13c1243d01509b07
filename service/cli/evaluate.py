"""`semalign evaluate`: whether an extrinsic is right still, on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.conclusion import conclude, write_file
from service.cli.errors import CommandError, errors_as_sentences
from service.cli.job import CalibrationJob
from service.cli.job_display import progress_bar
from service.cli.job_options import (
    CameraFile,
    CameraFrame,
    CloudModel,
    ImageLabelMap,
    ImageLabels,
    ImageModel,
    Images,
    LidarFrame,
    PointClouds,
    PointLabelMap,
    PointLabels,
    Seed,
    pair_frames,
    request_from_options,
)
from service.cli.on_server import finished_job, shown_progress
from service.cli.server import THIS_MACHINE, AsJson, OutputFile, ReportFile, Server, client_frame, connected
from service.client import JobFailedError
from worker.inputs.calibration_files import FrameChoice


def evaluate(
    image: Images,
    point_cloud: PointClouds,
    camera: CameraFile,
    initial: Annotated[
        Path, typer.Option(help="The extrinsic in question: JSON, or any file that `convert` reads.", exists=True)
    ],
    rig: Annotated[str | None, typer.Option(help="Watched rig that the outcome updates, such as van-12.front.")] = None,
    image_model: ImageModel = None,
    cloud_model: CloudModel = None,
    image_labels: ImageLabels = None,
    image_label_map: ImageLabelMap = None,
    point_labels: PointLabels = None,
    point_label_map: PointLabelMap = None,
    seed: Seed = None,
    tracking: Annotated[
        bool,
        typer.Option("--tracking", help="Only a short climb from the extrinsic, right to about a degree: quicker."),
    ] = False,
    camera_frame: CameraFrame = None,
    lidar_frame: LidarFrame = None,
    server: Server = THIS_MACHINE,
    output: OutputFile = None,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Look whether an extrinsic has drifted; nothing is searched for, and nothing changed.

    Exit status: 0 aligned, 3 drifted, 4 cannot tell; 1 when the job failed; 2 when an input cannot be used.
    """
    with errors_as_sentences():
        request = request_from_options(
            camera,
            initial,
            images=image,
            frames=FrameChoice(camera_frame, lidar_frame),
            image_label_map=image_label_map,
            point_label_map=point_label_map,
            image_model=image_model,
            cloud_model=cloud_model,
            seed=seed,
            options={"tracking": tracking},
        )
        job = CalibrationJob(request, pair_frames(image, point_cloud, image_labels, point_labels))
        frames = [client_frame(frame) for frame in job.frames]
        with connected(server) as client, progress_bar() as on_progress:
            try:
                ended = client.evaluate(frames, request, rig=rig, on_progress=lambda p: on_progress(shown_progress(p)))
            except JobFailedError as error:
                raise CommandError(str(error)) from error
            if report is not None:
                write_file(report, client.report(ended.id))
        conclude(finished_job(client, ended, with_overlays=False), output, None, as_json=as_json)
