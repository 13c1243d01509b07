"""The calibrations behind Tables I to III: every frame from wrong starts, by profile and variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from worker.bench.accuracy import Disturbance, group_frames, run_jobs
from worker.bench.paper.data_set import DataSet, PaperFrame, by_data_set
from worker.bench.paper.published import START_ROTATIONS_DEG
from worker.calibration.config import CalibrationConfig, Profile

JobRecord = dict[str, Any]

# The profile whose parts Table II takes away; N and M are its own.
ABLATED_PROFILE: Profile = "paper"


class Variant(StrEnum):
    """The algorithm, whole or without one of its parts, in the order of Table II."""

    COMPLETE = "SemAlign"
    WITHOUT_INITIALIZATION = "without loss-guided initialization"
    WITHOUT_M_RULE = "without the M rule"

    def applied_to(self, config: CalibrationConfig) -> CalibrationConfig:
        """Take the part away."""
        if self is Variant.WITHOUT_INITIALIZATION:
            return replace(config, num_samples=0)
        if self is Variant.WITHOUT_M_RULE:
            return replace(config, min_points_in_view=0)
        return config


@dataclass(frozen=True)
class Case:
    """What a set of jobs has in common; starts are wrong by up to `rotation_deg` of roll, pitch and yaw."""

    data_set: DataSet
    profile: Profile
    variant: Variant
    rotation_deg: float


JobsOfCases = Mapping[Case, Sequence[JobRecord]]


def cases(data_sets: Sequence[DataSet], profiles: Sequence[Profile]) -> list[Case]:
    """List every case: each profile as it is, and the variants of the one that Table II is about."""
    return [
        Case(data_set, profile, variant, rotation_deg)
        for data_set in data_sets
        for profile in profiles
        for variant in (tuple(Variant) if profile == ABLATED_PROFILE else (Variant.COMPLETE,))
        for rotation_deg in START_ROTATIONS_DEG
    ]


def run_cases(
    frames: Sequence[PaperFrame],
    profiles: Sequence[Profile],
    config: CalibrationConfig,
    seed: int,
    on_job: Callable[[int], None],
) -> dict[Case, list[JobRecord]]:
    """Run one job a frame in every case; the starts are those of `bench accuracy` on each data set alone.

    Args:
        frames: of one or more data sets.
        profiles: which to run.
        config: what holds in every case.
        seed: of the starts and of the search.
        on_job: told the number of all jobs after each.
    """
    groups = by_data_set(frames)
    todo = cases(list(groups), profiles)
    total = sum(len(groups[case.data_set]) for case in todo)
    done: dict[Case, list[JobRecord]] = {}
    for case in todo:
        grouping = group_frames([frame.bench for frame in groups[case.data_set]], frames_per_job=1)
        settings = case.variant.applied_to(replace(config, profile=case.profile))
        done[case] = []
        for job in run_jobs(grouping, Disturbance(case.rotation_deg, 0.0), settings, seed):
            done[case].append(job)
            on_job(total)
    return done
