"""What was measured, to read (`speed.md`) and to compute with (`speed.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from worker.bench.paper.markdown import NOTHING, table
from worker.bench.speed.benchmark import Measured
from worker.bench.speed.growth import Series
from worker.bench.speed.rows import HEADINGS, seconds_shown
from worker.bench.speed.table import rows
from worker.bench.speed.timing import Timing

REPORT, RESULTS, PLOT = "speed.md", "speed.json", "growth.png"


def write(out: Path, measured: Measured) -> list[Path]:
    """Write both files into the folder `out` and return their paths."""
    results, report = out / RESULTS, out / REPORT
    results.write_text(json.dumps(as_json(measured), indent=1) + "\n", encoding="utf-8")
    report.write_text(markdown(measured), encoding="utf-8")
    return [results, report]


def as_json(measured: Measured) -> dict[str, Any]:
    """Return everything, with medians and rows beside the single rounds."""
    timings = measured.comparison.timings
    return {
        **asdict(measured),
        "medians": {
            **{task: {way: timing.median for way, timing in ways.items()} for task, ways in timings.items()},
            "jobs": {name: timing.median for name, timing in measured.jobs.items()},
        },
        "exponents": [
            {"size": each.size, "task": each.task, "all": each.exponent, "last_two": each.last_exponent}
            for each in measured.growth
        ],
        "rows": [{**asdict(row), "met": row.met} for row in rows(measured)],
    }


def markdown(measured: Measured) -> str:
    """Write all tables, each with what must be known to read it."""
    settings, extent = measured.settings, measured.settings.extent
    sections = [
        "# Speed",
        f"{measured.processor}; device `{settings.device}`, {settings.threads} threads for every way and every job. "
        f"Frames: {', '.join(measured.frames)}. Memory moves {measured.machine.bytes_per_second / 1e9:.1f} GB/s, and "
        f"a product of matrices runs at {measured.machine.operations_per_second / 1e9:.0f} GFLOP/s.",
        table(HEADINGS, [row.cells for row in rows(measured)]),
        "\n".join(f"- {note}" for note in measured.notes),
        "## Eq. 1 in three ways",
        f"One process, the same frame, masks and points; the ways take turns. Evaluation: {extent.poses} poses within "
        f"±10°; the rest: {extent.rounds} rounds. Search: {extent.candidates} candidates without gradient. "
        f"Adam: {extent.iterations} steps. The floor is what memory and arithmetic alone would take at their measured "
        "rates.",
        table(("", "", "median", "least", "most", "floor", ""), list(_of_ways(measured))),
        "## Jobs",
        table(("", "median", "least", "most", "floor"), list(_of_jobs(measured))),
        "The floor of a robust job is a single look at every pixel, point and score that it is given; that of profile "
        "`paper` is the sum of search and descent.",
        "## Growth",
        table(("", "", "sizes", "seconds", "exponent", "last two"), [_of_series(each) for each in measured.growth]),
        f"![time over size]({PLOT})",
        "## Peak memory",
        "Each in a process of its own.",
        table(("", "MiB", "on the device"), list(_of_peaks(measured))),
    ]
    return "\n\n".join(sections) + "\n"


def _of_ways(measured: Measured) -> Iterator[Sequence[str]]:
    for task, ways in measured.comparison.timings.items():
        for way, timing in ways.items():
            floor = seconds_shown(measured.floors[task][way])
            remark = f"extrapolated from {timing.measured_share:.2%}" if timing.is_extrapolated else ""
            yield (task, way, *_seconds(timing), floor, remark)


def _of_jobs(measured: Measured) -> Iterator[Sequence[str]]:
    for name, timing in measured.jobs.items():
        floor = measured.floors.get(name)
        yield (name, *_seconds(timing), seconds_shown(floor[name]) if floor else NOTHING)


def _seconds(timing: Timing) -> tuple[str, str, str]:
    return seconds_shown(timing.median), seconds_shown(min(timing.seconds)), seconds_shown(max(timing.seconds))


def _of_series(series: Series) -> Sequence[str]:
    exponents = ["-" if each is None else f"{each:.2f}" for each in (series.exponent, series.last_exponent)]
    sizes = ", ".join(f"{each:,.0f}".replace(",", " ") for each in series.sizes)
    return (series.size, series.task, sizes, ", ".join(map(seconds_shown, series.seconds)), *exponents)


def _of_peaks(measured: Measured) -> Iterator[Sequence[str]]:
    for peak in measured.peaks:
        yield peak.part, f"{peak.mib:.0f}", NOTHING if peak.device_mib is None else f"{peak.device_mib:.0f}"
