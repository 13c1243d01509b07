"""`semalign bench drift`: how small a drift is noticed, from one frame and from several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress

from service.cli.bench_paper import DEFAULT_CACHE, check_plots
from service.cli.errors import EXIT_BAD_INPUT, CommandError, errors_as_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.bench.drift import Watch
    from worker.bench.drift_curves import Curve


def drift(
    data_dir: Annotated[Path, typer.Argument(help="Folder of frame folders.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Folder for drift.md, drift.json and drift.png.", file_okay=False)],
    select: Annotated[str, typer.Option(help="Glob of the frames that drifts are shown to, all of one rig.")] = "*",
    choose_on: Annotated[
        str | None,
        typer.Option(help="Glob of other frames to choose the threshold on; else each half chooses for the other."),
    ] = None,
    image_model: Annotated[str, typer.Option(help="Network for the images.")] = "auto",
    cloud_model: Annotated[str, typer.Option(help="Network for the clouds.")] = "auto",
    labels: Annotated[
        Path | None, typer.Option(help="Folder of label files that take the networks' place.", exists=True)
    ] = None,
    frames_per_watch: Annotated[int, typer.Option(help="Frames that are asked together.", min=2)] = 10,
    trials: Annotated[int, typer.Option(help="Axes to turn about.", min=1)] = 4,
    size_deg: Annotated[
        list[float] | None,
        typer.Option(help="Size of a drift, beside none; repeat for more. The published ones by default.", min=0),
    ] = None,
    tracking: Annotated[bool, typer.Option("--tracking", help="Track the frames, rather than look around.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of axes, looks and draws.", min=0)] = 0,
    cache: Annotated[Path, typer.Option(help="Where segmentations are kept between runs.")] = DEFAULT_CACHE,
    threads: Annotated[int, typer.Option(help="Threads of torch.", min=1)] = 1,
) -> None:
    """Turn known extrinsics by known angles about random axes, and count the drifts that are noticed."""
    import torch

    from worker.bench.drift import SIZES_DEG, as_json, show_drifts
    from worker.bench.frames import SegmentationCache, load_bench_frame
    from worker.inputs.frame_folder import list_frame_folders

    console = Console(stderr=True)
    torch.set_num_threads(threads)
    segmentations = SegmentationCache(cache.expanduser())
    with errors_as_sentences(), Progress(console=console, transient=True) as bar:
        # Before an hour of work, not after it.
        check_plots()
        out.mkdir(parents=True, exist_ok=True)
        shown: dict[str, Sequence[Watch]] = {}
        chosen = SIZES_DEG if size_deg is None else sorted({0.0, *size_deg})
        for glob, sizes in ((select, chosen), (choose_on, (0.0,))):
            if glob is None:
                continue
            frames = [
                load_bench_frame(f, segmentations, image_model=image_model, cloud_model=cloud_model, labels=labels)
                for f in bar.track(list_frame_folders(data_dir, glob), description=f"segmenting {glob}")
            ]
            task = bar.add_task(f"showing drifts to {glob}", total=None)
            shown[glob] = show_drifts(
                frames,
                sizes,
                trials=trials,
                seed=seed,
                tracking=tracking,
                on_watch=lambda _, total, task=task: bar.update(task, total=total, advance=1),  # type: ignore[misc]
            )
    settings = {
        "data_dir": data_dir.name,
        "select": select,
        "choose_on": choose_on,
        "image_model": None if labels else image_model,
        "cloud_model": None if labels else cloud_model,
        "tracking": tracking,
        "trials": trials,
        "seed": seed,
        "frames_per_watch": frames_per_watch,
    }
    results = {"settings": settings, "watches": {glob: as_json(watches) for glob, watches in shown.items()}}
    (out / "drift.json").write_text(json.dumps(results, indent=1))
    try:
        curves = _curves(shown[select], shown.get(choose_on or ""), frames_per_watch, trials, seed)
    except ValueError as error:
        raise CommandError(f"--frames-per-watch: {error}.", EXIT_BAD_INPUT) from error
    _write(out, curves)


def _curves(
    watches: Sequence[Watch], choosing: Sequence[Watch] | None, frames_per_watch: int, trials: int, seed: int
) -> list[Curve]:
    from worker.bench.drift_curves import (
        chosen_threshold,
        halves,
        one_frame_curve,
        several_frames_curve,
        verdict_curve,
    )

    first, second = halves(watches)
    pairs: list[tuple[float, Sequence[Watch]]] = [(chosen_threshold(second), first), (chosen_threshold(first), second)]
    if choosing is not None:
        pairs = [(chosen_threshold(choosing), watches)]
    # Every second frame is not enough to draw from: without other frames, those that are judged chose this one.
    threshold = chosen_threshold(choosing or watches)
    return [
        one_frame_curve("one frame", pairs),
        verdict_curve("one frame, verdict `drifted`", watches),
        several_frames_curve(
            f"{frames_per_watch} frames", watches, frames_per_watch, threshold=threshold, draws=trials, seed=seed
        ),
    ]


def _write(out: Path, curves: Sequence[Curve]) -> None:
    from worker.bench.drift_plot import draw, markdown

    table = markdown(curves)
    (out / "drift.md").write_text(table)
    draw(curves, out / "drift.png")
    Console().print(Markdown(table))
    Console(stderr=True).print(f"written: {out}")
