"""`semalign bench`: the measurements behind every published number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from service.cli.bench_drift import drift
from service.cli.bench_paper import DEFAULT_CACHE, paper
from service.cli.bench_service import service
from service.cli.bench_speed import speed
from service.cli.errors import EXIT_BAD_INPUT, CommandError, errors_as_sentences
from worker.inputs.request import Profile

app = typer.Typer(help="Measure accuracy against frames whose extrinsic is known.", no_args_is_help=True)
console = Console(stderr=True)

app.command()(paper)
app.command()(drift)
app.command()(service)
app.command()(speed)


@app.command()
def accuracy(
    data_dir: Annotated[Path, typer.Argument(help="Folder of frame folders.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Where to write the results (JSON).")],
    profile: Annotated[Profile, typer.Option(help="Calibration profile.")] = "robust",
    rotation_deg: Annotated[float, typer.Option(help="Starts are wrong by up to this about every axis.", min=0)] = 10,
    translation_m: Annotated[float, typer.Option(help="And by up to this along every axis.", min=0)] = 0,
    frames_per_job: Annotated[int, typer.Option(help="Frames that share one calibration.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the starts and of the search.", min=0)] = 0,
    select: Annotated[str, typer.Option(help="Glob of frame names.")] = "*",
    image_model: Annotated[str, typer.Option(help="Network for the images.")] = "auto",
    cloud_model: Annotated[str, typer.Option(help="Network for the clouds.")] = "auto",
    labels: Annotated[
        Path | None, typer.Option(help="Folder of label files that take the networks' place.", exists=True)
    ] = None,
    beams: Annotated[int | None, typer.Option(help="Keep about this many beams of every sweep.", min=1)] = None,
    intensity: Annotated[bool, typer.Option(help="Use the intensities of the clouds.")] = True,
    hold_translation: Annotated[bool, typer.Option(help="Estimate the rotation only.")] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave a cue of `robust` out: semantic, intensity or edges. May be repeated."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another value of a setting of `robust`, such as edge_weight=2. May be repeated."),
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where segmentations are kept between runs.")] = DEFAULT_CACHE,
    threads: Annotated[int, typer.Option(help="Threads of torch.", min=1)] = 1,
) -> None:
    """Calibrate every frame from a random wrong start and compare with the known extrinsic."""
    import torch

    from worker.bench.accuracy import Disturbance, accuracy
    from worker.bench.frames import SegmentationCache, load_bench_frame
    from worker.bench.poorer_sensor import PoorerSensor
    from worker.calibration.config import CalibrationConfig
    from worker.calibration.robust.settings import RobustSettings
    from worker.inputs.frame_folder import list_frame_folders

    with errors_as_sentences():
        try:
            values = {name: float(value) for name, _, value in (each.partition("=") for each in setting or ())}
            robust = RobustSettings().with_values(values).without(without or ())
        except ValueError as error:
            raise CommandError(f"--set, --without: {error}", EXIT_BAD_INPUT) from error
    # Before an hour of work, not after it.
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    segmentations = SegmentationCache(cache.expanduser())
    settings = {
        "data_dir": data_dir.name,
        "profile": profile,
        "frames_per_job": frames_per_job,
        "seed": seed,
        "select": select,
        "image_model": None if labels else image_model,
        "cloud_model": None if labels else cloud_model,
        "labels": labels.name if labels else None,
        "beams": beams,
        "intensity": intensity,
        "hold_translation": hold_translation,
        "without": without or [],
        "set": values,
    }
    with errors_as_sentences(), Progress(console=console, transient=True) as bar:
        folders = list_frame_folders(data_dir, select)
        frames = [
            load_bench_frame(
                f,
                segmentations,
                image_model=image_model,
                cloud_model=cloud_model,
                labels=labels,
                sensor=PoorerSensor(beams, intensity),
            )
            for f in bar.track(folders, description="segmenting")
        ]
        task = bar.add_task("calibrating", total=None)
        results = accuracy(
            frames,
            Disturbance(rotation_deg, translation_m),
            CalibrationConfig(
                profile=profile,
                hold_translation=hold_translation,
                robust=robust,
            ),
            frames_per_job=frames_per_job,
            seed=seed,
            settings=settings,
            on_job=lambda _job, total: bar.update(task, total=total, advance=1),
        )
    out.write_text(json.dumps(results, indent=1))
    _print_summary(results)
    console.print(f"written: {out}")


@app.command()
def pool(
    results: Annotated[list[Path], typer.Argument(help="Results of `bench accuracy`.", exists=True, dir_okay=False)],
    select: Annotated[str, typer.Option(help="Count only jobs whose frames all match this glob.")] = "*",
) -> None:
    """Summarise the jobs of several runs together, such as those of several seeds."""
    from fnmatch import fnmatch

    from worker.bench.accuracy import summarize

    with errors_as_sentences():
        jobs = [job for path in results for job in json.loads(path.read_text())["jobs"]]
        _print_table(summarize([job for job in jobs if all(fnmatch(name, select) for name in job["frames"])]))


@app.command()
def choose(
    results: Annotated[list[Path], typer.Argument(help="Results of `bench accuracy`.", exists=True, dir_okay=False)],
    select: Annotated[str, typer.Option(help="Report only jobs whose frames all match this glob.")] = "*",
) -> None:
    """Choose among settings on every second frame, report the chosen one on the others, swap, and pool."""
    from fnmatch import fnmatch

    from worker.bench.accuracy import summarize
    from worker.bench.held_out import cross_validated

    with errors_as_sentences():
        halves = cross_validated([json.loads(path.read_text()) for path in results])
        for half in halves:
            console.print(f"chosen on {half.chosen_on} frames: {half.setting or 'the defaults'}")
        jobs = [job for half in halves for job in half.jobs]
        _print_table(summarize([job for job in jobs if all(fnmatch(name, select) for name in job["frames"])]))


def _print_summary(results: dict[str, Any]) -> None:
    if dropped := results["settings"]["dropped_frames"]:
        console.print(f"left out, no full group of one rig: {', '.join(dropped)}")
    _print_table(results["summary"])


def _print_table(summary: dict[str, Any]) -> None:
    if not summary["jobs"]:
        console.print("no job: no group of frames of one rig was complete")
        return
    table = Table(title=f"{summary['jobs']} jobs")
    for heading in ("", "mean", "median", "p90", "max"):
        table.add_column(heading, justify="right" if heading else "left")
    for key, heading in (
        ("rotation_error_deg", "rotation error (deg)"),
        ("euler_error_deg", "Euler error (deg)"),
        ("camera_center_error_m", "camera centre error (m)"),
        ("calibration_seconds", "calibration (s)"),
    ):
        table.add_row(heading, *(f"{summary[key][statistic]:.3f}" for statistic in ("mean", "median", "p90", "max")))
    console.print(table)
    console.print(
        f"under 1 degree: {summary['share_under_1_deg']:.0%}; worse than the start: "
        f"{summary['share_worse_than_start']:.0%}; outcomes: {summary['outcomes']}"
    )
    if trust := summary["trust"]:
        wrong = trust["share_of_high_over_1_deg"]
        console.print(
            f"verdict high: {trust['share_high']:.0%} of jobs"
            + ("" if wrong is None else f"; of those over 1 degree: {wrong:.1%}")
            + f"; worse than the start: {trust['high_but_worse_than_start']}"
        )
        coverage = ", ".join(f"{name} {share:.0%}" for name, share in trust["high_within_2_sigma"].items())
        console.print(f"errors within two stated standard deviations: {coverage or '-'}")
