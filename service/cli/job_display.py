"""What a person sees of a job: a bar while it runs, a table when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.cli.job import JobProgress, OnJobProgress


@contextmanager
def progress_bar() -> Iterator[OnJobProgress]:
    """Show stage, share done and best loss on stderr for as long as the block runs."""
    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0, loss="")

        def show(progress: JobProgress) -> None:
            loss = "" if progress.loss is None else f"loss {progress.loss:.3g} px²"
            bar.update(task, description=progress.stage, completed=progress.fraction, loss=loss)

        yield show


def print_result(console: Console, result: dict[str, Any]) -> None:
    """Print the `result` object: losses before and after, what changed, the outcome, and how far to trust it."""
    console.print(loss_table(result["alignment_loss"]))
    change, seconds = result["change"], result["seconds"]
    console.print(
        f"Turned by {change['rotation_deg']:.3f}°, camera centre moved by {change['camera_center_m']:.3f} m "
        f"(segmentation {seconds['segmentation']:.1f} s, calibration {seconds['calibration']:.1f} s)."
    )
    console.print(f"{result['outcome']}: {result['message']}", highlight=False)
    for line in verdict_lines(result):
        console.print(line, highlight=False, markup=False)


def verdict_lines(result: dict[str, Any]) -> list[str]:
    """Say how far to trust an extrinsic, in a word and a line for each reason."""
    if result["verdict"] is None:
        return ["Verdict: none. This profile does not say how far to trust the result; `robust` does."]
    # Where nothing could be estimated the outcome is the reason, and has been said.
    reasons = [reason for reason in result["reasons"] if reason != result["message"]]
    return [f"Verdict: {result['verdict']}", *(f"- {reason}" for reason in reasons)]


def loss_table(loss: dict[str, Any]) -> Table:
    """Tabulate the alignment loss (Eq. 1) per class, before and after."""
    before, after = loss["before"], loss["after"]
    table = Table("class", title="Alignment loss", title_justify="left")
    for heading in ("before (px²)", "points", "after (px²)", "points"):
        table.add_column(heading, justify="right")
    for name in before["per_class"]:
        table.add_row(name, *_class_cells(before, name), *_class_cells(after, name))
    table.add_section()
    table.add_row("all", _px2(before["total_px2"]), "", _px2(after["total_px2"]), _ratio_cell(loss["ratio"]))
    table.add_row("mean distance", _px(before["mean_distance_px"]), "", _px(after["mean_distance_px"]), "")
    return table


def _class_cells(loss: dict[str, Any], name: str) -> tuple[str, str]:
    part = loss["per_class"][name]
    return _px2(part["px2"]), str(part["points"])


def _px(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} px"


def _px2(value: float) -> str:
    return f"{value:,.0f}"


def _ratio_cell(ratio: float | None) -> str:
    return "" if ratio is None else f"x {ratio:.2g}"
