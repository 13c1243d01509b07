"""What came out of a batch: a row for each job, and how many there are of each kind."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from service.batch.journal import Journal
from service.batch.manifest import BatchJob


@dataclass(frozen=True)
class SummaryRow:
    """One job.

    Attributes:
        name: What the manifest calls it.
        job_id: Its id on the server.
        state: `waiting`, `succeeded`, `failed`, `cancelled` or `refused`.
        verdict: How far to trust it; empty without one.
        rotation_deg: How far the extrinsic was turned.
        camera_center_m: How far the camera centre moved.
        sigma_rotation_deg: The largest of the three standard deviations of the rotation.
        loss_ratio: Alignment loss after, over before.
        detail: Why there is no estimate.
    """

    name: str
    job_id: str
    state: str
    verdict: str = ""
    rotation_deg: float | None = None
    camera_center_m: float | None = None
    sigma_rotation_deg: float | None = None
    loss_ratio: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Summary:
    """All jobs of a batch."""

    rows: tuple[SummaryRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs there are by verdict, or by state where they have none."""
        return dict(
            Counter(row.verdict if row.state == "succeeded" and row.verdict else row.state for row in self.rows)
        )

    def to_object(self) -> dict[str, Any]:
        """Return what `summary.json` holds."""
        return {"counts": self.counts, "jobs": [asdict(row) for row in self.rows]}

    def to_csv(self) -> str:
        """Return what `summary.csv` holds."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, [field.name for field in fields(SummaryRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in self.rows)
        return buffer.getvalue()


def summarize(jobs: Sequence[BatchJob], journal: Journal) -> Summary:
    """Say of each job of a batch how it stands."""
    return Summary(tuple(_row(job, journal) for job in jobs))


def _row(job: BatchJob, journal: Journal) -> SummaryRow:
    ended = journal.ended(job)
    if ended is None:
        return SummaryRow(job.name, journal.posted(job) or "", "waiting")
    result = journal.result(job)
    if result is None:
        return SummaryRow(job.name, ended.job_id, ended.state, detail=ended.detail)
    sigma = (result["confidence"] or {}).get("sigma", {})
    turns = [sigma[name] for name in ("pitch", "yaw", "roll") if name in sigma]
    return SummaryRow(
        job.name,
        ended.job_id,
        ended.state,
        result["verdict"] or "",
        result["change"]["rotation_deg"],
        result["change"]["camera_center_m"],
        max(turns, default=None),
        result["alignment_loss"]["ratio"],
        ended.detail,
    )
