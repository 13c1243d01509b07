"""`semalign evaluate`: whether an extrinsic is right still, on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from service.cli.conclusion import write_file
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
from service.cli.on_server import shown_progress
from service.cli.server import THIS_MACHINE, AsJson, OutputFile, ReportFile, Server, client_frame, connected
from service.client import EvaluationResult, JobFailedError
from worker.inputs.calibration_files import FrameChoice

EXIT_OF_EVALUATION: Final = {"aligned": 0, "drifted": 3, "cannot_tell": 4}
_WORDS: Final = {
    "aligned": "aligned: no drift was seen",
    "drifted": "drifted: calibrate again",
    "cannot_tell": "cannot tell",
}
_TURNS: Final = ("pitch", "yaw", "roll")


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
        if output is not None:
            write_file(output, ended.result.model_dump_json(indent=1) + "\n")
    if as_json:
        typer.echo(ended.result.model_dump_json())
    else:
        _print(ended.result)
    raise typer.Exit(EXIT_OF_EVALUATION[ended.result.verdict])


def _print(result: EvaluationResult) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if result.departure is not None:
        table = Table("direction", title="What the frames ask for", title_justify="left")
        table.add_column("away", justify="right")
        table.add_column("smallest drift that would be seen", justify="right")
        for name, value in result.departure.along.items():
            unit = "°" if name in _TURNS else "m"
            table.add_row(name, *(_amount(each, unit) for each in (value, result.departure.smallest_visible[name])))
        console.print(table)
    console.print(f"Verdict: {_WORDS[result.verdict]}")
    for reason in result.reasons:
        console.print(f"- {reason}", markup=False)


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3f} {unit}"
