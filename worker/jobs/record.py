"""What is known of one job."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Self


class JobState(StrEnum):
    """Where a job stands; `succeeded`, `failed` and `cancelled` are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will not change any more."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class JobQueue(StrEnum):
    """Who waits for the job; `worker.queue_order` says when workers take from which."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


@dataclass(frozen=True)
class JobOrigin:
    """Where a job came from, written once when it is accepted.

    Attributes:
        owner: Id of the API key that sent it; empty for a caller without one.
        queue: Queue that it waits in.
        request_id: Id of the HTTP request, as the logs name it.
        body_digest: Digest of what was sent, to tell a repeated request from another one under the same key.
    """

    owner: str = ""
    queue: JobQueue = JobQueue.INTERACTIVE
    request_id: str = ""
    body_digest: str = ""


ANONYMOUS: Final = JobOrigin()


@dataclass(frozen=True)
class JobError:
    """Why a job failed.

    Attributes:
        type: Stable kebab-case slug of the kind of failure.
        detail: A sentence for the caller.
    """

    type: str
    detail: str


@dataclass(frozen=True)
class FrameKeys:
    """Storage keys of one frame's inputs; the suffix of `point_cloud` tells its format."""

    image: str
    point_cloud: str
    image_labels: str | None = None
    point_labels: str | None = None


class JobKind(StrEnum):
    """What is to be done with what the caller sent."""

    CALIBRATE = "calibrate"
    EVALUATE = "evaluate"


@dataclass(frozen=True)
class JobInputs:
    """Storage keys of everything the caller sent, and what is to be done with it.

    Attributes:
        request: Key of the JSON part.
        frames: Keys of the frames.
        kind: What is to be done.
        rig: Id of the owner's rig that the outcome is told to; empty for none.
    """

    request: str
    frames: tuple[FrameKeys, ...]
    kind: JobKind = JobKind.CALIBRATE
    rig: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """All storage keys."""
        of_frames = {key for frame in self.frames for key in asdict(frame).values() if key is not None}
        return frozenset({self.request, *of_frames})

    def to_json(self) -> str:
        """Write the keys as the record holds them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(
            request=fields["request"],
            frames=tuple(FrameKeys(**frame) for frame in fields["frames"]),
            kind=JobKind(fields.get("kind", JobKind.CALIBRATE)),
            rig=fields.get("rig", ""),
        )


@dataclass(frozen=True)
class JobRecord:
    """A job as the broker holds it at one moment.

    Attributes:
        id: Made by the server, 32 hexadecimal digits.
        state: Where the job stands.
        stage: Stage of the pipeline that runs; empty before the first.
        progress: Share of the whole job that is done, 0 to 1.
        loss: Latest alignment loss the running stage reported, if it has one.
        token: Fencing token: number of the attempt that owns the job; older attempts change nothing.
        deliveries: How often the job was handed to a worker that did not hand it back.
        worker: Name of the worker whose attempt owns the job, or ended it; empty while the job waits.
        created_at, started_at, finished_at: Unix seconds on the broker's clock.
        inputs: Storage keys of what the caller sent.
        artifacts: Attempt whose result and overlays count; None while there are none.
        error: Why the job failed, if it did.
        origin: Where the job came from.
        lease_until: Unix seconds on the broker's clock until when the attempt that owns the job is known to live;
            None unless it runs, or was cancelled and has yet to be deleted.
        verdict: What the result says in a word, for lists; empty where it gives none, and while there is no result.
    """

    id: str
    state: JobState
    stage: str
    progress: float
    loss: float | None
    token: int
    deliveries: int
    worker: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    inputs: JobInputs
    artifacts: int | None
    error: JobError | None
    origin: JobOrigin = ANONYMOUS
    lease_until: float | None = None
    verdict: str = ""

    @property
    def owner(self) -> str:
        """Id of the API key that the job belongs to; empty for a caller without one."""
        return self.origin.owner

    @property
    def kind(self) -> JobKind:
        """What is to be done."""
        return self.inputs.kind

    @property
    def queue(self) -> JobQueue:
        """Queue that the job waits in."""
        return self.origin.queue

    @property
    def request_id(self) -> str:
        """Id of the HTTP request that brought the job."""
        return self.origin.request_id

    @property
    def body_digest(self) -> str:
        """Digest of what was sent."""
        return self.origin.body_digest

    @classmethod
    def from_hash(cls, job_id: str, fields: Mapping[str, str]) -> Self:
        """Build the record from the fields of its Redis hash."""

        def number(name: str) -> float | None:
            return float(fields[name]) if fields.get(name) else None

        return cls(
            id=job_id,
            state=JobState(fields["state"]),
            stage=fields["stage"],
            progress=float(fields["progress"]),
            loss=number("loss"),
            token=int(fields["token"]),
            deliveries=int(fields["deliveries"]),
            worker=fields["worker"],
            created_at=float(fields["created_at"]),
            started_at=number("started_at"),
            finished_at=number("finished_at"),
            inputs=JobInputs.from_json(fields["inputs"]),
            artifacts=int(fields["artifacts"]) if fields.get("artifacts") else None,
            error=JobError(fields["error_type"], fields["error_detail"]) if fields.get("error_type") else None,
            origin=JobOrigin(
                owner=fields["owner"],
                queue=JobQueue(fields["queue"]),
                request_id=fields["request_id"],
                body_digest=fields["body_digest"],
            ),
            lease_until=number("lease_until"),
            verdict=fields.get("verdict", ""),
        )
