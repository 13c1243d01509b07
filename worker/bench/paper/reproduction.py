"""All tables and the figure from one set of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from worker.bench.paper.class_coverage import ClassCount, class_counts, lacking
from worker.bench.paper.data_set import PaperFrame
from worker.bench.paper.figure7 import Figure7Row, Ranking, figure7, rank_poses
from worker.bench.paper.jobs import JobsOfCases, run_cases
from worker.bench.paper.objectives import BOUND, OBJECTIVES
from worker.bench.paper.table1 import Table1Row, table1
from worker.bench.paper.table2 import Table2Row, table2
from worker.bench.paper.table3 import Table3Row, table3
from worker.calibration.config import PAPER_CLASSES, CalibrationConfig, Profile

OnStep = Callable[[str, int], None]
"""Told after each step of a stage: the stage and the number of its steps."""


@dataclass(frozen=True)
class Reproduction:
    """What was measured.

    Attributes:
        settings: how it was measured.
        provenance: which network saw which data, a sentence each.
        counts: pixels and points of each class, by frame.
        jobs: every calibration.
        table1: rotation errors.
        table2: without single parts.
        table3: loss ratios.
        rankings: every pose judged.
        figure7: rank correlations.
    """

    settings: dict[str, Any]
    provenance: list[str]
    counts: dict[str, dict[str, ClassCount]]
    jobs: JobsOfCases
    table1: list[Table1Row]
    table2: list[Table2Row]
    table3: list[Table3Row]
    rankings: list[Ranking]
    figure7: list[Figure7Row]

    @property
    def lacking_a_class(self) -> dict[str, list[str]]:
        """Return the frames that the paper would leave out, with what they lack."""
        return {frame: missing for frame, counts in self.counts.items() if (missing := lacking(counts))}


def reproduce(
    frames: Sequence[PaperFrame],
    profiles: Sequence[Profile],
    config: CalibrationConfig,
    *,
    seed: int,
    settings: dict[str, Any],
    provenance: list[str],
    on_step: OnStep = lambda _stage, _total: None,
) -> Reproduction:
    """Measure everything that the paper's tables and Figure 7 report.

    Args:
        frames: of one or more data sets.
        profiles: which to measure.
        config: what holds for all calibrations besides profile, prior, seed and what Table II takes away.
        seed: of starts, search and poses.
        settings: kept with the results.
        provenance: kept with the results.
        on_step: told how far it is.
    """
    counts = {frame.name: class_counts(frame.bench.frame, PAPER_CLASSES) for frame in frames}
    incomplete = {name for name, of_frame in counts.items() if lacking(of_frame)}
    objectives = [*(OBJECTIVES[profile] for profile in profiles), BOUND]
    rankings = rank_poses(frames, objectives, seed, lambda total: on_step("ranking poses", total))
    jobs = run_cases(frames, profiles, config, seed, lambda total: on_step("calibrating", total))
    return Reproduction(
        settings=settings,
        provenance=provenance,
        counts=counts,
        jobs=jobs,
        table1=table1(jobs, incomplete),
        table2=table2(jobs),
        table3=table3(jobs, frames),
        rankings=rankings,
        figure7=figure7(rankings),
    )
