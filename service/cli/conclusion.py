"""How a command ends that has the result of a job: what it prints and writes, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console

from service.cli.errors import EXIT_FAILED, EXIT_OF_VERDICT, CommandError
from service.cli.evaluation_display import print_evaluation
from service.cli.job import FinishedJob
from service.cli.job_display import print_result


def conclude(finished: FinishedJob, output: Path | None, overlay_dir: Path | None, *, as_json: bool) -> None:
    """Print the result, write the files, and leave with the status of the verdict.

    Raises:
        CommandError: a file cannot be written.
        typer.Exit: always.
    """
    if as_json:
        typer.echo(json.dumps(finished.result))
    else:
        show = print_evaluation if finished.result.get("kind") == "evaluation" else print_result
        show(Console(highlight=False, soft_wrap=True), finished.result)
    if output is not None:
        write_file(output, json.dumps(finished.result, indent=1) + "\n")
    if overlay_dir is not None:
        save_overlays(finished, overlay_dir)
    raise typer.Exit(exit_status(finished))


def exit_status(finished: FinishedJob) -> int:
    """Return the exit status of a command with this result."""
    return EXIT_OF_VERDICT[finished.result["verdict"]] if finished.succeeded else EXIT_FAILED


def save_overlays(finished: FinishedJob, folder: Path) -> None:
    """Write `initial.png` and `final.png`.

    Raises:
        CommandError: one cannot be written.
    """
    for stage, png in finished.overlays.items():
        write_file(folder / f"{stage}.png", png)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, making its folder where there is none.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from error
