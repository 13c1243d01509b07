"""`semalign calibrate`: one job from files to files, in this process or on a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from service.cli.calibration_files import camera_from_file, initial_from_file
from service.cli.errors import EXIT_BAD_INPUT, EXIT_FAILED, CommandError, errors_as_sentences
from service.cli.in_process import run_in_process
from service.cli.job import CalibrationJob, FinishedJob, FrameFiles
from service.cli.job_display import print_result, progress_bar
from service.cli.json_object import read_json_object
from service.cli.on_server import run_on_server
from worker.inputs.calibration_files import FrameChoice
from worker.inputs.request import parse_request


def calibrate(
    image: Annotated[list[Path], typer.Option(help="Camera image, PNG or JPEG; repeat for more frames.", exists=True)],
    point_cloud: Annotated[
        list[Path], typer.Option(help="LiDAR sweep (.bin, .pcd, .ply, .las, .npy ...), one an image.", exists=True)
    ],
    camera: Annotated[
        Path, typer.Option(help="JSON with the `camera` of a request, or any file that `convert` reads.", exists=True)
    ],
    initial: Annotated[
        Path, typer.Option(help="JSON with the `initial` of a request, or any file that `convert` reads.", exists=True)
    ],
    image_model: Annotated[
        str | None,
        typer.Option(help="Network for the images (`semalign models list`); `auto`, the default, chooses one."),
    ] = None,
    cloud_model: Annotated[str | None, typer.Option(help="Network for the clouds; `auto` goes by the sensor.")] = None,
    image_labels: Annotated[
        list[Path] | None, typer.Option(help="PNG of class ids in place of a network, one for each image.", exists=True)
    ] = None,
    image_label_map: Annotated[
        Path | None, typer.Option(help='JSON file that names the ids: {"13": "car", ...}.', exists=True)
    ] = None,
    point_labels: Annotated[
        list[Path] | None,
        typer.Option(help="Class id of every point (.label, .npy) in place of a network.", exists=True),
    ] = None,
    point_label_map: Annotated[Path | None, typer.Option(help="JSON file that names the ids.", exists=True)] = None,
    prior_rotation_deg: Annotated[
        float | None, typer.Option(help="How far roll, pitch and yaw may be off, each way.")
    ] = None,
    prior_translation_m: Annotated[
        float | None, typer.Option(help="How far the camera centre may be off along each axis.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="robust, which says how far to trust the result (default), or paper, as published."),
    ] = None,
    options: Annotated[
        Path | None, typer.Option(help="JSON file with the object `options` of a request.", exists=True)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to compute: cpu, cuda or cuda:N. On a server its operator decides.")
    ] = None,
    camera_frame: Annotated[str | None, typer.Option(help="The camera, where a calibration file has several.")] = None,
    lidar_frame: Annotated[str | None, typer.Option(help="The LiDAR, where a calibration file has several.")] = None,
    server: Annotated[
        str | None, typer.Option(help="Calibrate on this server, such as http://127.0.0.1:8000, not here.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write the result (JSON).", dir_okay=False)] = None,
    overlay_dir: Annotated[
        Path | None, typer.Option(help="Folder for the pictures before and after.", file_okay=False)
    ] = None,
) -> None:
    """Find the extrinsic that aligns an image with the LiDAR sweep taken at the same moment.

    Exit status: 0 when the search came to its end, whatever its verdict; 1 when nothing could be estimated; 2 when an
    input cannot be used. A script that must not use a doubtful extrinsic reads `verdict` in the result. Options that
    are left out keep the defaults of the HTTP request.
    """
    with errors_as_sentences():
        if server is not None and device is not None:
            raise CommandError(
                "A server computes where its operator chose: leave out --device or --server.", EXIT_BAD_INPUT
            )
        choice = FrameChoice(camera_frame, lidar_frame)
        request = parse_request(
            json.dumps(
                _without_none(
                    camera=camera_from_file(camera, choice).model_dump(exclude_none=True),
                    initial=initial_from_file(initial, choice).model_dump(exclude_none=True),
                    prior=_without_none(rotation_deg=prior_rotation_deg, translation_m=prior_translation_m),
                    profile=profile,
                    image_model=image_model,
                    cloud_model=cloud_model,
                    image_label_map=image_label_map and read_json_object(image_label_map),
                    point_label_map=point_label_map and read_json_object(point_label_map),
                    options=options and read_json_object(options),
                    seed=seed,
                )
            )
        )
        job = CalibrationJob(request, pair_frames(image, point_cloud, image_labels, point_labels))
        with progress_bar() as on_progress:
            if server is not None:
                finished = run_on_server(job, on_progress, server)
            else:
                finished = run_in_process(job, on_progress, device or "cpu")
        _conclude(finished, output, overlay_dir)


def pair_frames(
    images: list[Path], clouds: list[Path], image_labels: list[Path] | None, point_labels: list[Path] | None
) -> tuple[FrameFiles, ...]:
    """Make frames of files given in the same order.

    Raises:
        CommandError: there are more of the one than of the other.
    """
    for option, files in (
        ("--point-cloud", clouds),
        ("--image-labels", image_labels),
        ("--point-labels", point_labels),
    ):
        if files and len(files) != len(images):
            raise CommandError(
                f"There are {len(images)} --image and {len(files)} {option}: give one of each for every frame, in the "
                "same order.",
                EXIT_BAD_INPUT,
            )
    return tuple(
        FrameFiles(
            image,
            clouds[index],
            image_labels[index] if image_labels else None,
            point_labels[index] if point_labels else None,
        )
        for index, image in enumerate(images)
    )


def save_overlays(finished: FinishedJob, folder: Path) -> None:
    """Write `initial.png` and `final.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage, png in finished.overlays.items():
        (folder / f"{stage}.png").write_bytes(png)


def _conclude(finished: FinishedJob, output: Path | None, overlay_dir: Path | None) -> None:
    """Print the table, write the files, and leave with status 1 where nothing could be estimated."""
    print_result(Console(highlight=False, soft_wrap=True), finished.result)
    try:
        if output is not None:
            output.write_text(json.dumps(finished.result, indent=1) + "\n")
        if overlay_dir is not None:
            save_overlays(finished, overlay_dir)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from error
    if not finished.succeeded:
        raise typer.Exit(EXIT_FAILED)


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
