"""Pictures of the reproduction, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from scipy.stats import rankdata

from worker.bench.paper import published
from worker.bench.paper.figure7 import Ranking
from worker.bench.paper.jobs import JobsOfCases, Variant
from worker.bench.paper.pose_sets import MAX_ROTATION_DEG, MAX_TRANSLATION_M, POSE_SETS
from worker.bench.paper.reproduction import Reproduction
from worker.bench.paper.table3 import Table3Row

_PANEL_INCHES = (4.6, 3.4)
_DPI = 150
_BINS = 10
# Where the error axis begins; no method comes closer on real frames.
_LEAST_ERROR_DEG = 0.03


def draw_all(out: Path, reproduction: Reproduction) -> list[Path]:
    """Draw Table I, Table III and Figure 7 into the folder `out` and return the files."""
    figures = {
        "table1.png": draw_table1(reproduction.jobs),
        "table3.png": draw_table3(reproduction.table3),
        "figure7.png": draw_figure7(reproduction.rankings),
    }
    for name, figure in figures.items():
        figure.savefig(out / name, dpi=_DPI)
    return [out / name for name in figures]


def draw_table1(jobs: JobsOfCases) -> Figure:
    """Draw the share of jobs below each rotation error, a panel for each size of the start's error."""
    figure, panels = _panels(1, len(published.TABLE_1))
    for panel, (start_deg, paper) in zip(panels[0], published.TABLE_1.items(), strict=True):
        for case, records in jobs.items():
            if case.variant is Variant.COMPLETE and case.rotation_deg == start_deg:
                errors = np.sort([record["rotation_error_deg"] for record in records])
                label = f"{case.data_set.title}, profile {case.profile}"
                shares = np.arange(len(errors) + 1) / len(errors)
                panel.step([_LEAST_ERROR_DEG, *errors], shares, where="post", label=label)
        panel.plot(paper.quaternion_median, 0.5, "k*", label="Liu et al., KITTI odometry: median")
        _logarithmic(panel, (1, 3))
        panel.set(ylim=(0, 1.02), xlabel="rotation error (deg)", ylabel="share of jobs below")
        panel.set_xlim(left=_LEAST_ERROR_DEG)
        panel.set_title(f"starts wrong by up to ±{start_deg:g}° about each axis", fontsize=9)
        panel.grid(alpha=0.3)
    panels[0][-1].legend(fontsize=7)
    return figure


def draw_table3(rows: Sequence[Table3Row]) -> Figure:
    """Draw the loss ratio of every frame, and their geometric means."""
    figure, panels = _panels(1, 1, widening=1.6)
    panel = panels[0][0]
    for height, row in enumerate(rows):
        ratios = [ratio.loss for ratio in row.ratios if ratio.loss is not None]
        panel.plot(ratios, [height] * len(ratios), "o", alpha=0.5)
        if row.geometric_mean is not None:
            panel.plot(row.geometric_mean, height, "k|", markersize=18)
    paper = published.TABLE_3["SemAlign"]
    panel.axvline(1.0, color="grey", linewidth=0.8)
    panel.axvline(
        paper, color="black", linestyle="--", linewidth=0.8, label=f"Liu et al., KITTI detection: {paper:.2f}"
    )
    _logarithmic(panel, (1, 2, 5))
    panel.set(xlabel="Eq. 1 after calibration / at the published calibration")
    panel.set_yticks(range(len(rows)), [f"{row.data_set.title},\nprofile {row.profile}" for row in rows], fontsize=8)
    panel.set_ylim(-0.5, len(rows) - 0.5)
    panel.legend(fontsize=7)
    return figure


def draw_figure7(rankings: Sequence[Ranking]) -> Figure:
    """Draw the rank of the loss over the error of poses that are both turned and moved, a row for each objective.

    Ranks, from 0 for the best pose of a frame to 1 for its worst, bring objectives of any scale and sign onto one axis;
    they are all that Spearman's index sees.
    """
    shown = [ranking for ranking in rankings if ranking.poses == POSE_SETS[0]]
    objectives = list(dict.fromkeys(ranking.objective for ranking in shown))
    figure, panels = _panels(len(objectives), 2)
    for row, objective in zip(panels, objectives, strict=True):
        group = [ranking for ranking in shown if ranking.objective == objective]
        ranks = np.concatenate([rankdata(ranking.losses) / len(ranking.losses) for ranking in group])
        turned = np.concatenate([ranking.quaternion_deg for ranking in group])
        moved = np.concatenate([ranking.translation_m for ranking in group])
        _scatter(row[0], turned, ranks, MAX_ROTATION_DEG)
        _scatter(row[1], moved, ranks, MAX_TRANSLATION_M)
        row[0].set(xlabel="rotation error (deg)", ylabel=f"{objective}: rank within frame", ylim=(0, 1))
        row[1].set(xlabel="translation error (m)", ylim=(0, 1))
    return figure


def _scatter(panel: Axes, errors: np.ndarray, ranks: np.ndarray, largest: float) -> None:
    panel.plot(errors, ranks, ".", markersize=2, alpha=0.3)
    edges = np.linspace(0, largest, _BINS + 1)
    bins = np.clip(np.digitize(errors, edges) - 1, 0, _BINS - 1)
    filled = np.unique(bins)
    centers = (edges[filled] + edges[filled + 1]) / 2
    panel.plot(centers, [np.median(ranks[bins == index]) for index in filled], "k-", label="median")
    panel.legend(fontsize=7, loc="upper left")


def _logarithmic(panel: Axes, steps: tuple[int, ...]) -> None:
    """Make the horizontal axis logarithmic, with plain numbers at these steps of each decade."""
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=steps))
    panel.xaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    panel.xaxis.set_minor_formatter(NullFormatter())


def _panels(rows: int, columns: int, widening: float = 1.0) -> tuple[Figure, list[list[Axes]]]:
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * columns * widening, height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()
