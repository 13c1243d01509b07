"""`semalign bench speed`: the alignment field beside the ways without one, whole jobs, growth and memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.bench_paper import DEFAULT_CACHE, check_plots
from service.cli.errors import EXIT_BAD_INPUT, EXIT_FAILED, CommandError, errors_as_sentences

if TYPE_CHECKING:
    from worker.bench.speed.benchmark import Measured

_RENDERED_FRAMES = 10
_RENDERED_FRAMES_QUICK = 2


def speed(
    out: Annotated[Path, typer.Option(help="Folder for speed.md, speed.json and growth.png.", file_okay=False)],
    data_dir: Annotated[
        Path | None,
        typer.Argument(help="Folder of frame folders of one rig. Left out: ten streets are rendered.", exists=True),
    ] = None,
    select: Annotated[str, typer.Option(help="Glob of frame names; the first ten count.")] = "*",
    labels: Annotated[
        Path | None, typer.Option(help="Folder of label files that take the networks' place.", exists=True)
    ] = None,
    image_model: Annotated[str, typer.Option(help="Network for the images.")] = "auto",
    cloud_model: Annotated[str, typer.Option(help="Network for the clouds.")] = "auto",
    device: Annotated[str, typer.Option(help="Where everything is computed: `cpu`, `cuda` or `cuda:N`.")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads of every way and job. 0: as many as there are cores.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="See that it works: few rounds, small frames.")] = False,
    with_service: Annotated[
        bool, typer.Option("--service/--no-service", help="Start a service, for the way from upload to result.")
    ] = True,
    cache: Annotated[Path, typer.Option(help="Where segmentations are kept between runs.")] = DEFAULT_CACHE,
) -> None:
    """Time Eq. 1 by alignment field, KD-tree and pairwise distances in turns, whole jobs, and how all of it grows."""
    from dataclasses import replace

    from worker.bench.speed.benchmark import SpeedSettings, measure
    from worker.bench.speed.processes import available_cores
    from worker.bench.speed.source import FrameSource
    from worker.broker import BrokerError
    from worker.local_stack import StackError

    threads = threads or available_cores()
    console = Console(stderr=True)
    with errors_as_sentences(), tempfile.TemporaryDirectory(prefix="semalign-speed-") as rendered:
        # Before minutes of work, not after them.
        _check_device(device)
        check_plots()
        out.mkdir(parents=True, exist_ok=True)
        settings = SpeedSettings.quick(device, threads) if quick else SpeedSettings(device, threads)
        settings = replace(settings, with_service=with_service and not quick)
        with console.status("starting") as status:
            if data_dir is None:
                status.update("rendering streets")
                count = _RENDERED_FRAMES_QUICK if quick else _RENDERED_FRAMES
                source = FrameSource.rendered(Path(rendered), cache.expanduser(), count, small=quick)
            else:
                source = FrameSource.listed(data_dir, select, labels, cache.expanduser())
            source = replace(source, image_model=image_model, cloud_model=cloud_model)
            try:
                measured = measure(source, settings, status.update)
            except (BrokerError, StackError, RuntimeError) as error:
                raise CommandError(str(error), EXIT_FAILED) from error
        _write(out, measured, console)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise CommandError(f"--device {device} cannot be used here: {error}", EXIT_BAD_INPUT) from error


def _write(out: Path, measured: Measured, console: Console) -> None:
    from worker.bench.speed.plots import draw_growth
    from worker.bench.speed.report import PLOT, write
    from worker.bench.speed.rows import HEADINGS
    from worker.bench.speed.table import rows

    # Numbers first: no picture is worth minutes of measuring.
    written = [*write(out, measured), draw_growth(out / PLOT, measured.growth)]
    # Remarks are in the report: a terminal is too narrow for them.
    table = Table(*HEADINGS[:-1])
    for row in rows(measured):
        table.add_row(*row.cells[:-1])
    console.print(table)
    console.print(f"written: {', '.join(str(path) for path in written)}")
