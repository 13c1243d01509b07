"""`semalign batch`: many jobs from a manifest, on a server."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.batch import BatchDefaults, BatchJob, Journal, Summary, read_manifest, run_batch, summarize
from service.batch.journal import JournalError
from service.batch.manifest import PartReader
from service.cli.calibration_files import initial_from_file, read_camera
from service.cli.conclusion import write_file
from service.cli.errors import EXIT_FAILED, EXIT_OF_VERDICT, CommandError, errors_as_sentences
from service.cli.job_options import PriorRotation, PriorTranslation
from service.cli.json_object import read_json_object
from service.cli.server import THIS_MACHINE, AsJson, Server, connected
from service.client import AsyncClient
from worker.inputs.calibration_files import FrameChoice
from worker.inputs.camera_model import CameraModel
from worker.inputs.initial_extrinsic import InitialExtrinsic

EXIT_INTERRUPTED = 130
# A server that restarts, or has as many jobs as it takes, is worth waiting for: nobody sits and watches.
_PATIENCE_S = 900
_MOST_ROWS = 50


def batch(
    manifest: Annotated[Path, typer.Argument(help="CSV or JSON lines; docs/batch.md has both.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for results, summary and journal.", file_okay=False)],
    camera: Annotated[Path | None, typer.Option(help="Camera of all jobs that name none.", exists=True)] = None,
    initial: Annotated[Path | None, typer.Option(help="Initial extrinsic of all that name none.", exists=True)] = None,
    prior_rotation_deg: PriorRotation = None,
    prior_translation_m: PriorTranslation = None,
    jobs_at_once: Annotated[int, typer.Option(help="Most jobs under way at a time.", min=1, max=200)] = 8,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Do jobs again that failed or were refused in an earlier run.")
    ] = False,
    server: Server = THIS_MACHINE,
    as_json: AsJson = False,
) -> None:
    """Calibrate everything that a manifest names; run it again to go on where it was interrupted.

    Each job is done once. Exit status: that of the worst job (0 high, 3 low, 4 rejected, 1 failed); 130 when
    interrupted.
    """
    with errors_as_sentences():
        parts = _parts()
        defaults = _defaults(camera, initial, prior_rotation_deg, prior_translation_m, parts)
        jobs = read_manifest(manifest, defaults, parts)
        with connected(server), _journal(out) as journal:
            if retry_failed:
                _forget_failures(jobs, journal)
            interrupted = False
            try:
                _run(jobs, journal, server, jobs_at_once)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                # Also where the server was lost: what is done is done.
                summary = summarize(jobs, journal)
                write_file(out / "summary.json", json.dumps(summary.to_object(), indent=1) + "\n")
                write_file(out / "summary.csv", summary.to_csv())
        if as_json:
            typer.echo(json.dumps(summary.to_object()))
        else:
            _print(summary, out)
        if interrupted:
            typer.echo("Interrupted. Jobs that were posted go on; run the same command again to go on here.", err=True)
            raise typer.Exit(EXIT_INTERRUPTED)
        raise typer.Exit(_exit_status(summary))


def _parts() -> PartReader:
    # Thousands of jobs may name the same file.
    camera_file = cache(partial(read_camera, choice=FrameChoice()))
    return PartReader(
        camera=lambda path, image: _as_json(camera_file(path).for_image(image)),
        initial=cache(lambda path: _as_json(initial_from_file(path, FrameChoice()))),
        other=cache(read_json_object),
    )


def _as_json(part: CameraModel | InitialExtrinsic) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_none=True)


def _defaults(
    camera: Path | None,
    initial: Path | None,
    rotation_deg: float | None,
    translation_m: float | None,
    parts: PartReader,
) -> BatchDefaults:
    fields: dict[str, Any] = {}
    if initial is not None:
        fields["initial"] = parts.initial(initial)
    prior = {"rotation_deg": rotation_deg, "translation_m": translation_m}
    if given := {name: value for name, value in prior.items() if value is not None}:
        fields["prior"] = given
    return BatchDefaults(fields, camera)


def _journal(out: Path) -> Journal:
    try:
        return Journal(out)
    except JournalError as error:
        raise CommandError(str(error)) from error


def _forget_failures(jobs: tuple[BatchJob, ...], journal: Journal) -> None:
    for job in jobs:
        ended = journal.ended(job)
        if ended is not None and ended.state != "succeeded":
            journal.note_lost(job)


def _run(jobs: tuple[BatchJob, ...], journal: Journal, server: str, jobs_at_once: int) -> None:
    columns = (TextColumn("jobs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        done = sum(journal.ended(job) is not None for job in jobs)
        task = bar.add_task("", total=len(jobs), completed=done)

        async def go() -> None:
            async with AsyncClient(server, patience_s=_PATIENCE_S) as client:
                await run_batch(jobs, journal, client, jobs_at_once=jobs_at_once, on_end=lambda _: bar.advance(task))

        try:
            anyio.run(go)
        except BaseExceptionGroup as group:
            # Whichever came first stopped the others.
            first: BaseException = group
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None


def _print(summary: Summary, out: Path) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("job", "state", "verdict", title=f"{len(summary.rows)} jobs", title_justify="left")
    for heading in ("turned (°)", "moved (m)", "sigma (°)"):
        table.add_column(heading, justify="right")
    for row in summary.rows[:_MOST_ROWS]:
        numbers = (row.rotation_deg, row.camera_center_m, row.sigma_rotation_deg)
        table.add_row(row.name, row.state, row.verdict, *("" if n is None else f"{n:.3f}" for n in numbers))
    console.print(table)
    if len(summary.rows) > _MOST_ROWS:
        console.print(f"... and {len(summary.rows) - _MOST_ROWS} more.")
    for row in [row for row in summary.rows if row.detail][:_MOST_ROWS]:
        console.print(f"{row.name}: {row.detail}", markup=False)
    console.print(", ".join(f"{count} {what}" for what, count in summary.counts.items()))
    console.print(f"All of it is in {out / 'summary.csv'}, {out / 'summary.json'} and {out / 'results'}.", markup=False)


def _exit_status(summary: Summary) -> int:
    """Return the status of the worst job."""
    if any(row.state != "succeeded" for row in summary.rows):
        return EXIT_FAILED
    return max(EXIT_OF_VERDICT[row.verdict or None] for row in summary.rows)
