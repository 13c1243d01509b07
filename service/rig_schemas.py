"""What the endpoints below `/rigs` answer; field names are the contract."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from service.evaluation_schemas import EvaluationVerdict
from worker.rigs.rig import Rig

_Status = Literal["green", "yellow", "red", "unknown"]
_Directions = dict[Literal["pitch", "yaw", "roll", "right", "down", "forward"], float]


class RigSummary(BaseModel):
    """A rig in a list."""

    id: str
    status: _Status = Field(
        description="`red`: drifted. `yellow`: remarkable. `green`: aligned. `unknown`: too few frames to tell."
    )
    frames: int = Field(description="Evaluations that the estimate is made from, since the reference was set.")
    rotation_deg: float = Field(description="Angle of the estimated turn from the reference.")
    seen_at: datetime | None = Field(description="Time of the latest of them.")


class RigSighting(BaseModel):
    """An entry of a rig's history: what a job said, and the estimate after it."""

    job_id: str
    at: datetime
    verdict: EvaluationVerdict = Field(description="Of the job alone.")
    status: _Status
    departure: _Directions
    sigma: _Directions
    rotation_deg: float


class RigStatus(RigSummary):
    """A rig at this moment."""

    created_at: datetime
    reference: list[list[float]] = Field(description="T_cam_lidar that the rig is watched against.")
    departure: _Directions = Field(description="Estimated departure from the reference: deg for turns, m for shifts.")
    sigma: _Directions = Field(description="Its standard deviations, likewise.")
    smallest_visible: _Directions = Field(description="Smallest drift along each axis that would be seen, likewise.")
    covariance: list[list[float]] = Field(description="6x6 of the departure, rad and m.")
    history: list[RigSighting] = Field(description="Newest first.")


class RigList(BaseModel):
    """The caller's rigs."""

    rigs: list[RigSummary]


class RigEvent(BaseModel):
    """Something that happened to a rig."""

    kind: Literal["drift", "recovered", "new_reference"]
    at: datetime
    job_id: str | None = Field(description="The job that showed it; null where none did.")
    change: _Directions = Field(description="Estimated departure from the reference; of `new_reference`, the old one.")
    sentence: str


class RigEvents(BaseModel):
    """What happened to a rig, newest first."""

    events: list[RigEvent]


def summary_object(rig_id: str, rig: Rig) -> dict[str, Any]:
    """Write a `RigSummary` as JSON."""
    estimate = rig.estimate
    return {
        "id": rig_id,
        "status": rig.status.value,
        "frames": estimate.frames,
        "rotation_deg": estimate.rotation_deg,
        "seen_at": None if estimate.at is None else _time(estimate.at),
    }


def rig_object(rig_id: str, rig: Rig, history: list[dict[str, Any]]) -> dict[str, Any]:
    """Write a `RigStatus` as JSON."""
    estimate = rig.estimate
    return {
        **summary_object(rig_id, rig),
        "created_at": _time(rig.created_at),
        "reference": rig.reference,
        "departure": estimate.along,
        "sigma": estimate.sigma,
        "smallest_visible": estimate.smallest_visible,
        "covariance": estimate.total_covariance.tolist(),
        "history": [{**entry, "at": _time(entry["at"])} for entry in history],
    }


def events_object(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Write `RigEvents` as JSON."""
    return {"events": [{**event, "at": _time(event["at"]), "job_id": event["job_id"] or None} for event in events]}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
