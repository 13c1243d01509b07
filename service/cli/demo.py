"""`semalign demo`: one frame whose extrinsic is known, made wrong, calibrated and compared with the truth."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli.before_after import before_after_jpeg
from service.cli.conclusion import save_overlays
from service.cli.errors import EXIT_FAILED, errors_as_sentences
from service.cli.in_process import run_in_process
from service.cli.job import CalibrationJob, FinishedJob, FrameFiles
from service.cli.job_display import print_result, progress_bar
from service.cli.label_choice import LabelChoice, choose_labels
from worker.inputs.frame_folder import FrameFolder
from worker.inputs.request import parse_request

MAX_ROTATION_DEG = 10.0
SERVICE_URL = "http://127.0.0.1:8000"
# What segments the sample, whatever else is on this machine: networks trained on photographs read renderings poorly.
SAMPLE_IMAGE_MODEL, SAMPLE_CLOUD_MODEL = "street_unet_rendered", "geometric"
# A street with parked and driving cars, trees and houses.
SAMPLE_SEED, SAMPLE_INDEX = 0, 1


def demo(
    frame: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a frame with image, cloud.bin and gt.json; left out, one is rendered.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for pictures and files.", file_okay=False)] = Path("demo-output"),
    image_model: Annotated[
        str | None, typer.Option(help="Network for the image; fetched if it is not here (`semalign models list`).")
    ] = None,
    cloud_model: Annotated[str | None, typer.Option(help="Network for the cloud; likewise.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the wrong start and of the search.", min=0)] = 0,
    exact_labels: Annotated[
        bool, typer.Option("--exact-labels", help="Take the renderer's own labels of the sample in place of networks.")
    ] = False,
) -> None:
    """Turn a frame's known extrinsic by up to 10 degrees about each axis, calibrate, and say how close that came."""
    console = Console(highlight=False, soft_wrap=True)
    with errors_as_sentences():
        output.mkdir(parents=True, exist_ok=True)
        folder = _render_sample(output, console) if frame is None else FrameFolder(frame)
        rendered = frame is None
        console.print(f"Frame: {folder.path}{' (rendered)' if rendered else ''}")
        take_files = exact_labels or not rendered
        image_labels = choose_labels(
            folder, "image", image_model, take_files=take_files, otherwise=SAMPLE_IMAGE_MODEL if rendered else None
        )
        point_labels = choose_labels(
            folder, "cloud", cloud_model, take_files=take_files, otherwise=SAMPLE_CLOUD_MODEL if rendered else None
        )
        job = _job(folder, image_labels, point_labels, seed)
        with progress_bar() as on_progress:
            finished = run_in_process(job, on_progress)
        _say_sources(console, finished.result["models"])
        print_result(console, finished.result)
        _compare_with_truth(console, folder, finished, output / "before-after.jpg")
    _write_files(output, job, finished)
    _print_ways_on(console, output, job, image_labels, point_labels)
    if not finished.succeeded:
        raise typer.Exit(EXIT_FAILED)


def _say_sources(console: Console, sources: dict[str, dict[str, str]]) -> None:
    """Say where the classes came from and why, and how to have a better image network where one is worth it."""
    from models.catalogue import CATALOGUE

    for modality, source in sources.items():
        named, reason = source.get("name", source["source"]), source.get("reason", "")
        console.print(f"Classes of the {modality}: [bold]{named}[/bold]. {reason}".rstrip())
    used = CATALOGUE.get(sources["image"].get("name", ""))
    if used is None or not used.is_embedded:
        return
    better = next(entry for entry in CATALOGUE.values() if entry.modality == "image" and not entry.is_embedded)
    console.print(
        f"{used.name} learned from rendered streets only: it is for the sample and for trying things out. Photographs "
        f"deserve a pretrained network. {better.training_data_terms} If that suits you, fetch it with\n"
        f"  {_program()} models pull {better.name} --accept-terms"
    )


def _render_sample(output: Path, console: Console) -> FrameFolder:
    from worker.scenes import generate, render, write_frame

    folder = FrameFolder(output / "sample")
    with console.status("rendering the sample street"):
        write_frame(folder.path, render(generate(SAMPLE_SEED, SAMPLE_INDEX)))
    return folder


def _job(folder: FrameFolder, image: LabelChoice, points: LabelChoice, seed: int) -> CalibrationJob:
    """Ask for a calibration from a wrong start, as the accuracy benchmark draws it, with the default profile."""
    from worker.bench.accuracy import Disturbance

    disturbance = Disturbance(MAX_ROTATION_DEG, translation_m=0.0)
    fields = {
        "camera": folder.camera.model_dump(),
        "initial": {"T_cam_lidar": disturbance.start(folder.T_cam_lidar, seed, job=0).tolist()},
        "prior": asdict(disturbance.prior),
        "image_model": image.model,
        "cloud_model": points.model,
        "image_label_map": image.names(),
        "point_label_map": points.names(),
        "seed": seed,
    }
    files = FrameFiles(folder.image_path, folder.path / "cloud.bin", image.file, points.file)
    return CalibrationJob(parse_request(json.dumps(fields)), (files,))


def _compare_with_truth(console: Console, folder: FrameFolder, finished: FinishedJob, picture: Path) -> None:
    """Say how far start and estimate are from the known extrinsic, in words and in a picture."""
    import numpy as np

    from worker.bench.accuracy import pose_error

    (start_deg, start_m), (found_deg, found_m) = (
        pose_error(np.array(finished.result[name]), folder.T_cam_lidar)
        for name in ("initial_T_cam_lidar", "T_cam_lidar")
    )
    console.print(
        f"Against the known extrinsic: rotation error {start_deg:.2f}° before, [bold]{found_deg:.2f}°[/bold] after; "
        f"camera centre error {start_m:.3f} m before, {found_m:.3f} m after."
    )
    if found_deg >= start_deg:
        console.print("The calibration did not bring the rotation closer.")
    captions = (f"before: rotation error {start_deg:.2f}°", f"after: rotation error {found_deg:.2f}°")
    picture.write_bytes(before_after_jpeg(finished.overlays["initial"], finished.overlays["final"], captions))


def _write_files(output: Path, job: CalibrationJob, finished: FinishedJob) -> None:
    """Write what the same calibration takes on the command line and over HTTP, and what came out."""
    request = job.request
    save_overlays(finished, output)
    (output / "camera.json").write_text(request.camera.model_dump_json(indent=1) + "\n")
    (output / "initial.json").write_text(request.initial.model_dump_json(indent=1, exclude_none=True) + "\n")
    (output / "request.json").write_text(request.model_dump_json(indent=1, exclude_none=True) + "\n")
    (output / "result.json").write_text(json.dumps(finished.result, indent=1) + "\n")


def _print_ways_on(
    console: Console, output: Path, job: CalibrationJob, image: LabelChoice, points: LabelChoice
) -> None:
    (files,) = job.frames
    prior = job.request.prior
    options = {
        "image": files.image,
        "point-cloud": files.point_cloud,
        "camera": output / "camera.json",
        "initial": output / "initial.json",
        "prior-rotation-deg": f"{prior.rotation_deg:g}",
        "prior-translation-m": f"{prior.translation_m:g}",
        "image-model": image.model,
        "image-labels": image.file,
        "image-label-map": image.names_file,
        "cloud-model": points.model,
        "point-labels": points.file,
        "point-label-map": points.names_file,
        "seed": job.request.seed,
    }
    parts = {
        "image": files.image,
        "point_cloud": files.point_cloud,
        "image_labels": files.image_labels,
        "point_labels": files.point_labels,
        "request": output / "request.json",
    }
    calibrate = " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None)
    form = " ".join(f"-F {shlex.quote(f'{name}=@{path}')}" for name, path in parts.items() if path is not None)
    console.print(f"\nLook at {output / 'before-after.jpg'}; all files are in {output}.")
    console.print(f"The same on the command line:\n  {_program()} calibrate {calibrate}", markup=False)
    console.print(f"The same over HTTP, while `{_program()} up` runs in another terminal:")
    console.print(f"  curl {form} {SERVICE_URL}/calibrate", markup=False)


def _program() -> str:
    """Return how this command is called from here: it need not be on the PATH."""
    return "semalign" if shutil.which("semalign") else os.path.relpath(Path(sys.executable).with_name("semalign"))
