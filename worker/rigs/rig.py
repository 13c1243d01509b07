"""A rig that is watched, and what its frames do to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np

from worker.rigs.estimate import DriftEstimate

Matrix4 = list[list[float]]

# 90 % of right rigs lie nearer than this (squared standard deviations, six degrees of freedom).
_REMARKABLE = 10.64
_TURNS = ("pitch", "yaw", "roll")
# Two references that differ by no more than this are the same one, written twice.
_SAME_REFERENCE = 1e-9


class RigStatus(StrEnum):
    """How a rig stands."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"


class EventKind(StrEnum):
    """What can happen to a rig."""

    DRIFT = "drift"
    RECOVERED = "recovered"
    NEW_REFERENCE = "new_reference"


@dataclass(frozen=True)
class Sighting:
    """What the evaluation of one job's frames says of a rig.

    Attributes:
        job_id: the job.
        at: Unix seconds at which it was sent.
        reference: (4, 4) T_cam_lidar that was evaluated.
        verdict: of the job alone: `aligned`, `drifted` or `cannot_tell`.
        xi: (6,) departure from the reference, rad and m; empty where the frames said nothing.
        covariance: (6, 6) of it; empty likewise.
    """

    job_id: str
    at: float
    reference: Matrix4
    verdict: str
    xi: list[float]
    covariance: Matrix4


@dataclass(frozen=True)
class Rig:
    """A rig at one moment.

    Attributes:
        reference: (4, 4) T_cam_lidar that it is believed to have.
        created_at: Unix seconds.
        estimate: what is known of its departure from the reference.
        status: how it stands.
    """

    reference: Matrix4
    created_at: float
    estimate: DriftEstimate
    status: RigStatus = RigStatus.UNKNOWN

    @classmethod
    def new(cls, reference: Matrix4, at: float) -> Self:
        """Return a rig of which no frame was seen."""
        return cls(reference, at, DriftEstimate.unknown())

    def has_reference(self, reference: Matrix4) -> bool:
        """Tell whether this is the reference of the rig."""
        return bool(np.allclose(self.reference, reference, rtol=0, atol=_SAME_REFERENCE))

    def with_reference(self, reference: Matrix4, at: float) -> tuple[Rig, Event | None]:
        """Return the rig with a reference, known anew if it is another one than before, and what that means."""
        if self.has_reference(reference):
            return self, None
        fresh = Rig(reference, self.created_at, DriftEstimate.unknown())
        return fresh, Event(EventKind.NEW_REFERENCE, at, "", self.estimate.along, "The rig has another reference now.")

    def after(self, sighting: Sighting) -> tuple[Rig, Event | None]:
        """Return the rig after a sighting, and the event that it is, if any.

        A sighting that says nothing, or was made of another reference, changes nothing.
        """
        if not sighting.xi or not self.has_reference(sighting.reference):
            return self, None
        estimate = self.estimate.after(np.array(sighting.xi), np.array(sighting.covariance), sighting.at)
        status = _status(estimate)
        rig = replace(self, estimate=estimate, status=status)
        if status is RigStatus.RED and self.status is not RigStatus.RED:
            return rig, Event(EventKind.DRIFT, sighting.at, sighting.job_id, estimate.along, _drift_sentence(estimate))
        if status is RigStatus.GREEN and self.status is RigStatus.RED:
            sentence = "The latest frames agree with the reference again."
            return rig, Event(EventKind.RECOVERED, sighting.at, sighting.job_id, estimate.along, sentence)
        return rig, None

    def to_json(self) -> dict[str, Any]:
        """Write what `from_json` reads."""
        return {
            "reference": self.reference,
            "created_at": self.created_at,
            "estimate": self.estimate.to_json(),
            "status": self.status.value,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        estimate, status = DriftEstimate.from_json(fields["estimate"]), RigStatus(fields["status"])
        return cls(fields["reference"], fields["created_at"], estimate, status)


@dataclass(frozen=True)
class Event:
    """Something that happened to a rig.

    Attributes:
        kind: what.
        at: Unix seconds.
        job_id: the job whose frames showed it; empty where none did.
        change: estimated departure from the reference along each axis, deg and m; of `new_reference`, from the old one.
        sentence: the same for people.
    """

    kind: EventKind
    at: float
    job_id: str
    change: dict[str, float]
    sentence: str


def _status(estimate: DriftEstimate) -> RigStatus:
    if estimate.is_drifted:
        return RigStatus.RED
    if max(estimate.smallest_visible[name] for name in _TURNS) > estimate.model.useful_deg:
        return RigStatus.UNKNOWN
    if estimate.statistic > _REMARKABLE or estimate.contradictions:
        return RigStatus.YELLOW
    return RigStatus.GREEN


def _drift_sentence(estimate: DriftEstimate) -> str:
    turns = ", ".join(f"{name} {estimate.along[name]:+.2f}" for name in _TURNS)
    return (
        f"The camera has turned by about {estimate.rotation_deg:.2f} degrees from its reference ({turns} degrees). "
        "Calibrate it again, and send further frames with the new extrinsic."
    )
