"""`semalign calibrate`: one job from files to files, in this process or on a server."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.conclusion import conclude, write_file
from service.cli.errors import EXIT_BAD_INPUT, CommandError, errors_as_sentences
from service.cli.in_process import run_in_process
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
    InitialFile,
    LidarFrame,
    OptionsFile,
    PointClouds,
    PointLabelMap,
    PointLabels,
    PriorRotation,
    PriorTranslation,
    ProfileName,
    Seed,
    pair_frames,
    request_from_options,
)
from service.cli.on_server import run_on_server
from service.cli.report import report_of
from service.cli.server import AsJson, OutputFile, OverlayDir, ReportFile
from worker.inputs.calibration_files import FrameChoice


def calibrate(
    image: Images,
    point_cloud: PointClouds,
    camera: CameraFile,
    initial: InitialFile,
    image_model: ImageModel = None,
    cloud_model: CloudModel = None,
    image_labels: ImageLabels = None,
    image_label_map: ImageLabelMap = None,
    point_labels: PointLabels = None,
    point_label_map: PointLabelMap = None,
    prior_rotation_deg: PriorRotation = None,
    prior_translation_m: PriorTranslation = None,
    profile: ProfileName = None,
    options: OptionsFile = None,
    seed: Seed = None,
    device: Annotated[
        str | None, typer.Option(help="Where to compute: cpu, cuda or cuda:N. On a server its operator decides.")
    ] = None,
    camera_frame: CameraFrame = None,
    lidar_frame: LidarFrame = None,
    server: Annotated[
        str | None, typer.Option(help="Calibrate on this server, such as http://127.0.0.1:8000, not here.")
    ] = None,
    output: OutputFile = None,
    overlay_dir: OverlayDir = None,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Find the extrinsic that aligns an image with the LiDAR sweep taken at the same moment.

    Exit status: 0 with the verdict high, and with a profile that gives none; 3 with low; 4 with rejected; 1 when
    nothing could be estimated; 2 when an input cannot be used. What is left out keeps the default of the HTTP request.
    """
    with errors_as_sentences():
        if server is not None and device is not None:
            raise CommandError(
                "A server computes where its operator chose: leave out --device or --server.", EXIT_BAD_INPUT
            )
        request = request_from_options(
            camera,
            initial,
            images=image,
            frames=FrameChoice(camera_frame, lidar_frame),
            prior=(prior_rotation_deg, prior_translation_m),
            image_label_map=image_label_map,
            point_label_map=point_label_map,
            options=options,
            profile=profile,
            image_model=image_model,
            cloud_model=cloud_model,
            seed=seed,
        )
        job = CalibrationJob(request, pair_frames(image, point_cloud, image_labels, point_labels))
        with progress_bar() as on_progress:
            if server is not None:
                finished = run_on_server(job, on_progress, server)
            else:
                finished = run_in_process(job, on_progress, device or "cpu")
        if report is not None:
            write_file(report, report_of(job, finished, server))
        conclude(finished, output, overlay_dir, as_json=as_json)
