"""What the endpoints answer; field names are the contract."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.evaluation_schemas import EvaluationResult, EvaluationVerdict
from service.loss_schemas import AlignmentLoss
from worker.jobs.record import JobKind, JobQueue, JobRecord, JobState

Matrix4 = list[list[float]]
CalibrationVerdict = Literal["high", "low", "rejected"]


class Links(BaseModel):
    """Where to go on from a job."""

    self: str = Field(description="Address of the job.")
    events: str = Field(description="Address of its events.")
    overlay: str | None = Field(description="Address of its overlay, once there is one.")


class LossChange(BaseModel):
    """The alignment loss at the initial and at the returned extrinsic."""

    model_config = ConfigDict(extra="allow")

    before: AlignmentLoss
    after: AlignmentLoss
    ratio: float | None = Field(description="After / before.")


class Change(BaseModel):
    """From the initial extrinsic to the returned one."""

    model_config = ConfigDict(extra="allow")

    rotation_deg: float
    camera_center_m: float


class CalibrationResult(BaseModel):
    """What a calibration found."""

    model_config = ConfigDict(extra="allow")

    outcome: str = Field(description="Named end of the calibration, such as `converged`.")
    message: str = Field(description="The outcome in a sentence.")
    T_cam_lidar: Matrix4 = Field(description="p_cam = T_cam_lidar @ p_lidar.")
    quaternion_wxyz: list[float]
    translation_m: list[float] = Field(description="Translation column of T_cam_lidar.")
    axis_angle_rad: list[float]
    camera_center_lidar_m: list[float] = Field(description="The camera centre in the LiDAR frame.")
    change: Change
    verdict: CalibrationVerdict | None = Field(
        description="How far to trust the extrinsic; null from a profile that does not say."
    )
    reasons: list[str] = Field(description="Why, in sentences.")
    confidence: dict[str, Any] | None = Field(description="The raw numbers behind the verdict.")
    alignment_loss: LossChange
    seconds: dict[str, float]
    models: dict[str, Any]
    seed: int
    version: str


class JobFailure(BaseModel):
    """Why a job failed."""

    type: str = Field(description="Stable slug.")
    detail: str = Field(description="A sentence.")


class JobAccepted(BaseModel):
    """Answer to a job that was taken."""

    id: str
    state: JobState
    links: Links


class JobProgress(BaseModel):
    """How far a job is at this moment; what an event says of it."""

    id: str
    kind: JobKind
    state: JobState
    stage: Literal["segmentation", "initialization", "refinement", "done"] | None
    progress: float = Field(ge=0, le=1, description="Share of the whole job that is done.")
    loss: float | None = Field(description="Latest alignment loss of the running stage.")
    queue: JobQueue = Field(description="Where it waits, or waited.")
    queue_position: int | None = Field(description="Queued jobs before this one; null unless queued.")
    created_at: datetime
    started_at: datetime | None = Field(description="Begin of the latest attempt.")
    finished_at: datetime | None
    error: JobFailure | None


class JobSummary(JobProgress):
    """A job in a list; its address has the rest."""

    verdict: Literal[CalibrationVerdict, EvaluationVerdict] | None = Field(
        default=None, description="That of the result; null while there is none, and with profile `paper`."
    )
    links: Links


class JobStatus(JobSummary):
    """A job at this moment, with its result once there is one."""

    result: CalibrationResult | EvaluationResult | None = Field(
        description="By the `kind` of the job. Also there when no calibration could be estimated: it returns the "
        "initial extrinsic then."
    )


class JobList(BaseModel):
    """Some of the caller's jobs, newest first."""

    jobs: list[JobSummary]
    next: str | None = Field(description="Address of the next page; null at the end.")


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service can take jobs."""

    status: Literal["ready"] = "ready"
    checks: dict[str, str]


def progress_object(record: JobRecord, *, queue_position: int | None) -> dict[str, Any]:
    """Write a `JobProgress` as JSON."""
    return {
        "id": record.id,
        "kind": record.kind.value,
        "state": record.state.value,
        "stage": record.stage or None,
        "progress": record.progress,
        "loss": record.loss,
        "queue": record.queue.value,
        "queue_position": queue_position,
        "created_at": _timestamp(record.created_at),
        "started_at": _timestamp(record.started_at),
        "finished_at": _timestamp(record.finished_at),
        "error": None if record.error is None else {"type": record.error.type, "detail": record.error.detail},
    }


def summary_object(record: JobRecord, *, queue_position: int | None, links: Links) -> dict[str, Any]:
    """Write a `JobSummary` as JSON."""
    progress = progress_object(record, queue_position=queue_position)
    return {**progress, "verdict": record.verdict or None, "links": links.model_dump()}


def status_object(
    record: JobRecord, *, queue_position: int | None, links: Links, result: dict[str, Any] | None
) -> dict[str, Any]:
    """Write a `JobStatus` as JSON; the result is passed on as the worker wrote it."""
    return {**summary_object(record, queue_position=queue_position, links=links), "result": result}


def _timestamp(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
