"""Table I: the rotation that is left after a calibration from a wrong start."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from worker.bench.accuracy import summarize
from worker.bench.paper import published
from worker.bench.paper.data_set import DataSet
from worker.bench.paper.jobs import JobRecord, JobsOfCases, Variant
from worker.bench.paper.markdown import number, share, table
from worker.bench.paper.published import RotationErrors


@dataclass(frozen=True)
class Table1Row:
    """Errors of one profile on one data set.

    Attributes:
        data_set: where the frames are from.
        profile: who calibrated.
        start_rotation_deg: how wrong the starts are, roll, pitch and yaw each.
        frames: number of jobs, one a frame.
        errors: of all jobs, failed ones included.
        share_worse_than_start: jobs that end farther from the truth than they began.
        frames_with_all_classes: number of jobs on frames that lack no class.
        errors_with_all_classes: of these alone, as the paper has it; None where no frame has all classes.
        outcomes: how many jobs ended in which way.
    """

    data_set: DataSet
    profile: str
    start_rotation_deg: float
    frames: int
    errors: RotationErrors
    share_worse_than_start: float
    frames_with_all_classes: int
    errors_with_all_classes: RotationErrors | None
    outcomes: dict[str, int]


def table1(jobs: JobsOfCases, lacking_a_class: Collection[str]) -> list[Table1Row]:
    """Summarise the jobs of every complete case.

    Args:
        jobs: of all cases.
        lacking_a_class: names of the frames that the paper would leave out.
    """
    rows = []
    for case, records in jobs.items():
        if case.variant is not Variant.COMPLETE:
            continue
        full = [record for record in records if not set(record["frames"]) & set(lacking_a_class)]
        summary = summarize(records)
        rows.append(
            Table1Row(
                data_set=case.data_set,
                profile=case.profile,
                start_rotation_deg=case.rotation_deg,
                frames=len(records),
                errors=rotation_errors(records),
                share_worse_than_start=summary["share_worse_than_start"],
                frames_with_all_classes=len(full),
                errors_with_all_classes=rotation_errors(full) if full else None,
                outcomes=summary["outcomes"],
            )
        )
    return rows


def rotation_errors(records: Sequence[JobRecord]) -> RotationErrors:
    """Summarise the errors of at least one job."""
    summary = summarize(records)
    quaternion, euler = summary["rotation_error_deg"], summary["euler_error_deg"]
    return RotationErrors(quaternion["median"], euler["median"], quaternion["mean"], euler["mean"])


def table1_markdown(rows: Sequence[Table1Row]) -> str:
    """Write the rows below the paper's own."""
    headings = ["", "start", "frames", "quaternion: mean", "median", "Euler: mean", "median", "worse than the start"]
    lines = [
        _line("paper, KITTI odometry", start, published.ODOMETRY_FRAMES, errors, published.SHARE_WORSE_THAN_START)
        for start, errors in published.TABLE_1.items()
    ]
    for row in rows:
        who = f"{row.data_set.title}, profile `{row.profile}`"
        lines.append(_line(who, row.start_rotation_deg, row.frames, row.errors, row.share_worse_than_start))
        if row.errors_with_all_classes is not None and row.frames_with_all_classes < row.frames:
            who += ", frames with all classes"
            lines.append(_line(who, row.start_rotation_deg, row.frames_with_all_classes, row.errors_with_all_classes))
    return table(headings, lines)


def _line(
    who: str, start_deg: float, frames: int, errors: RotationErrors, share_worse: float | None = None
) -> list[str]:
    values = (errors.quaternion_mean, errors.quaternion_median, errors.euler_mean, errors.euler_median)
    return [who, f"±{start_deg:g}°", f"{frames:,}", *map(number, values), share(share_worse)]
