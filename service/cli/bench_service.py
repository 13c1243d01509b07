"""`semalign bench service`: what the service costs, measured on a stack that the command starts and stops itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from service.cli.errors import EXIT_BAD_INPUT, EXIT_FAILED, CommandError, errors_as_sentences


def service(
    out: Annotated[Path, typer.Option(help="Where to write the results (JSON); a table goes beside it (.md).")],
    load_rate: Annotated[float, typer.Option(help="Uploads a second of the open load.", min=0.1, max=100)] = 8.0,
    load_seconds: Annotated[float, typer.Option(help="How long load and polling last.", min=1, max=300)] = 20.0,
    uploads: Annotated[int, typer.Option(help="Large uploads in flight at once.", min=1, max=200)] = 50,
    upload_mib: Annotated[int, typer.Option(help="Size of each, MiB.", min=1, max=400)] = 50,
    repeats: Annotated[int, typer.Option(help="Jobs alone, each beside a run in process.", min=1, max=500)] = 40,
    throughput_jobs: Annotated[
        int, typer.Option(help="Jobs timed at a time with one and two workers; even.", min=2, max=500)
    ] = 12,
    turns: Annotated[int, typer.Option(help="How often one and two workers are timed.", min=1, max=100)] = 6,
) -> None:
    """Measure latency, rates, memory, overhead and scaling of a service of its own, on this machine's loopback only."""
    from worker.bench.service.benchmark import ServiceBenchSettings, measure
    from worker.bench.service.report import figures_of, markdown
    from worker.broker import BrokerError
    from worker.local_stack import StackError

    settings = ServiceBenchSettings(load_rate, load_seconds, uploads, upload_mib, repeats, throughput_jobs, turns)
    console = Console(stderr=True)
    with errors_as_sentences(), console.status("starting") as status:
        _make_folder(out.parent)
        try:
            results = measure(settings, status.update)
        except (BrokerError, StackError, RuntimeError, httpx.HTTPError) as error:
            raise CommandError(str(error), EXIT_FAILED) from error
    table = Table("", "measured", "meant to be", "")
    for figure in figures_of(results):
        verdict = {True: "holds", False: "[bold red]missed[/bold red]", None: ""}[figure.holds]
        table.add_row(figure.name, figure.shown, figure.target, verdict)
    console.print(table)
    out.write_text(json.dumps(results, indent=1))
    out.with_suffix(".md").write_text(markdown(results))
    console.print(f"written: {out} and {out.with_suffix('.md')}")


def _make_folder(folder: Path) -> None:
    """Make the folder of the results before minutes of work, not after them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"Nothing can be written to {folder}: {error.strerror}.", EXIT_BAD_INPUT) from error
