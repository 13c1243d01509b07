"""Table II: what the loss-guided initialization and the M rule contribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.bench.paper.data_set import DataSet
from worker.bench.paper.jobs import ABLATED_PROFILE, JobsOfCases, Variant
from worker.bench.paper.markdown import number, table
from worker.bench.paper.published import START_ROTATIONS_DEG, TABLE_2, RotationErrors
from worker.bench.paper.table1 import rotation_errors


@dataclass(frozen=True)
class Table2Row:
    """Errors of one variant on one data set, by how wrong the starts are (deg)."""

    data_set: DataSet
    variant: Variant
    errors: Mapping[float, RotationErrors]


def table2(jobs: JobsOfCases) -> list[Table2Row]:
    """Summarise the jobs of the profile that has these parts; no row where it did not run."""
    data_sets = dict.fromkeys(case.data_set for case in jobs if case.profile == ABLATED_PROFILE)
    return [
        Table2Row(
            data_set,
            variant,
            {
                case.rotation_deg: rotation_errors(records)
                for case, records in jobs.items()
                if (case.data_set, case.profile, case.variant) == (data_set, ABLATED_PROFILE, variant)
            },
        )
        for data_set in data_sets
        for variant in Variant
    ]


def table2_markdown(rows: Sequence[Table2Row]) -> str:
    """Write the rows below the paper's own: medians, degrees."""
    starts = [f"±{start:g}°" for start in START_ROTATIONS_DEG]
    headings = ["", *(f"{error}, {start}" for error in ("quaternion", "Euler") for start in starts)]
    lines = [
        _line(f"paper, KITTI odometry: {variant}", errors) for variant, errors in zip(Variant, TABLE_2, strict=True)
    ]
    lines += [_line(f"{row.data_set.title}: {row.variant}", row.errors) for row in rows]
    return table(headings, lines)


def _line(who: str, errors: Mapping[float, RotationErrors]) -> list[str]:
    quaternion = [errors[start].quaternion_median for start in START_ROTATIONS_DEG]
    euler = [errors[start].euler_median for start in START_ROTATIONS_DEG]
    return [who, *map(number, quaternion + euler)]
