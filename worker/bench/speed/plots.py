"""Time over size on logarithmic axes, a panel for each size, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from worker.bench.speed.growth import Series

_PANEL_INCHES = (5.0, 3.8)
_COLUMNS = 2
_DPI = 150


def draw_growth(path: Path, growth: Sequence[Series]) -> Path:
    """Draw every series with its fitted power law into a PNG file and return its path."""
    sizes = list(dict.fromkeys(series.size for series in growth))
    rows = -(-len(sizes) // _COLUMNS)
    figure = Figure(figsize=(_PANEL_INCHES[0] * _COLUMNS, _PANEL_INCHES[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).flatten()
    for panel, size in zip(panels, sizes, strict=False):
        _draw(panel, [series for series in growth if series.size == size])
        panel.set(xscale="log", yscale="log", xlabel=size, ylabel="seconds")
        panel.grid(alpha=0.3, which="both")
        # Above: within, it would hide points.
        panel.legend(fontsize=7, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    for unused in panels[len(sizes) :]:
        unused.set_axis_off()
    figure.savefig(path, dpi=_DPI)
    return path


def _draw(panel: Axes, growth: Sequence[Series]) -> None:
    for series in growth:
        exponent = series.exponent
        label = series.task if exponent is None else f"{series.task}: {exponent:.2f}"
        (line,) = panel.plot(series.sizes, series.seconds, "o", label=label)
        if exponent is not None:
            center = np.log(series.seconds).mean() - exponent * np.log(series.sizes).mean()
            fit = np.exp(center + exponent * np.log(series.sizes))
            panel.plot(series.sizes, fit, "-", color=line.get_color(), linewidth=0.8)
