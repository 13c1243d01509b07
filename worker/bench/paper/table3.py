"""Table III: Eq. 1 after calibration in relation to Eq. 1 at the published calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import gmean

from worker.bench.accuracy import pose_error
from worker.bench.paper import published
from worker.bench.paper.data_set import KITTI_DETECTION, DataSet, PaperFrame
from worker.bench.paper.eq1 import FrameLoss
from worker.bench.paper.jobs import JobsOfCases, Variant
from worker.bench.paper.markdown import NOTHING, number, table
from worker.calibration.transforms import RigidTransform

# The paper does not say how wrong the starts of this table are; these jobs are those of Table I.
START_ROTATION_DEG = 10.0


@dataclass(frozen=True)
class LossRatio:
    """One frame, after calibration in relation to the published calibration.

    Attributes:
        frame: its name.
        loss: ratio of Eq. 1; None where one of the two is 0.
        points: ratio of the number of points that Eq. 1 counts: a loss also falls when points leave the image. None
            where one of the two is 0.
        rotation_deg: angle between the two extrinsics.
        center_m: distance between the two camera centres.
    """

    frame: str
    loss: float | None
    points: float | None
    rotation_deg: float
    center_m: float


@dataclass(frozen=True)
class Table3Row:
    """The frames of one data set, calibrated by one profile."""

    data_set: DataSet
    profile: str
    ratios: tuple[LossRatio, ...]

    @property
    def geometric_mean(self) -> float | None:
        """Return the geometric mean of the loss ratios that exist."""
        return _geometric_mean([ratio.loss for ratio in self.ratios])

    @property
    def points_geometric_mean(self) -> float | None:
        """Return the geometric mean of the ratios of points."""
        return _geometric_mean([ratio.points for ratio in self.ratios])

    @property
    def without_ratio(self) -> tuple[str, ...]:
        """Name the frames that the geometric mean leaves out."""
        return tuple(ratio.frame for ratio in self.ratios if ratio.loss is None)


def table3(jobs: JobsOfCases, frames: Sequence[PaperFrame]) -> list[Table3Row]:
    """Compare what the complete profiles found from +-10 degrees with what was published."""
    by_name = {frame.name: frame for frame in frames}
    return [
        Table3Row(
            case.data_set,
            case.profile,
            tuple(
                loss_ratio(by_name[record["frames"][0]], np.array(record["estimate_T_cam_lidar"])) for record in records
            ),
        )
        for case, records in jobs.items()
        if case.variant is Variant.COMPLETE and case.rotation_deg == START_ROTATION_DEG
    ]


def loss_ratio(frame: PaperFrame, estimate: np.ndarray) -> LossRatio:
    """Compare an estimate (4, 4) with the published calibration of its frame."""
    truth = frame.bench.T_cam_lidar
    losses = FrameLoss(frame.bench)(RigidTransform.from_matrix(np.stack([estimate, truth])))
    points = losses.points.sum(-1)
    rotation_deg, center_m = pose_error(estimate, truth)
    return LossRatio(frame.name, _ratio(*losses.total_px2.tolist()), _ratio(*points.tolist()), rotation_deg, center_m)


def table3_markdown(rows: Sequence[Table3Row]) -> str:
    """Write a table a data set, each under the name that its figures deserve."""
    sections = []
    for data_set in dict.fromkeys(row.data_set for row in rows):
        if data_set.published_calibration_is_accurate:
            title, of_what = "loss after calibration / loss at the published calibration", "error"
        else:
            title = of_what = "difference from the published calibration"
        headings = ["", "frames", "loss ratio", "points in view, ratio", f"rotation {of_what}: median", "mean"]
        lines = [_line(row) for row in rows if row.data_set == data_set]
        if data_set == KITTI_DETECTION:
            lines = [_published(*entry) for entry in published.TABLE_3.items()] + lines
        sections.append(f"### {data_set.title}: {title}\n\n{table(headings, lines)}")
    return "\n\n".join(sections)


def _line(row: Table3Row) -> list[str]:
    rotation = [ratio.rotation_deg for ratio in row.ratios]
    return [
        f"profile `{row.profile}`",
        str(len(row.ratios)),
        number(row.geometric_mean),
        number(row.points_geometric_mean),
        f"{np.median(rotation):.2f}°",
        f"{np.mean(rotation):.2f}°",
    ]


def _published(who: str, value: float) -> list[str]:
    return [f"paper: {who}", f"{published.DETECTION_FRAMES:,}", number(value), NOTHING, NOTHING, NOTHING]


def _geometric_mean(ratios: Sequence[float | None]) -> float | None:
    known = [ratio for ratio in ratios if ratio is not None]
    return float(gmean(known)) if known else None


def _ratio(value: float, reference: float) -> float | None:
    return value / reference if value > 0 and reference > 0 else None
