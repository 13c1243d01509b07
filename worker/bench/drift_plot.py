"""Detection curves as a picture and as a table, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from worker.bench.drift_curves import FALSE_ALARMS, Curve

_INCHES, _DPI = (6.0, 4.0), 150


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Draw all curves into one picture."""
    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.add_subplot()
    for curve in curves:
        panel.plot(list(curve.counts), [count.share for count in curve.counts.values()], "o-", label=curve.title)
    panel.axhline(FALSE_ALARMS, color="grey", linestyle=":", linewidth=1)
    panel.set(xlabel="drift (deg)", ylabel="share detected", ylim=(-0.02, 1.02))
    panel.set_title(f"thresholds for {FALSE_ALARMS:.0%} false alarms", fontsize=9)
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8)
    figure.savefig(path, dpi=_DPI)


def markdown(curves: Sequence[Curve]) -> str:
    """Write all curves as a table: the share noticed, and of how many."""
    sizes = sorted({size for curve in curves for size in curve.counts})
    rows = [
        "| detected | " + " | ".join("no drift" if size == 0 else f"{size:g}°" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for curve in curves:
        cells = (curve.counts.get(size) for size in sizes)
        shares = ("" if c is None else f"{c.share:.0%} of {c.shown}" for c in cells)
        rows.append(f"| {curve.title} | " + " | ".join(shares) + " |")
    return "\n".join(rows) + "\n"
