"""Accepting a job: its inputs are stored, and once its record is written it is accepted; or nothing of it stays."""

import uuid
from dataclasses import dataclass
from typing import Final

import structlog

from service.access.caller import Caller
from service.backend import Backend
from service.problems import IdempotencyKeyReused, QuotaExceeded
from service.uploads import FrameUpload, Upload, suffix
from worker.errors import BrokerUnavailable
from worker.inputs.request import parse_request
from worker.jobs.idempotency import Claim
from worker.jobs.record import FrameKeys, JobInputs, JobKind, JobOrigin, JobQueue, JobRecord, JobState
from worker.jobs.release import was_refused
from worker.jobs.transitions import Verdict
from worker.storage import BlobStore, input_key

_RETRY_OVER_QUOTA_S = 10


@dataclass(frozen=True)
class Task:
    """What is to be done with an upload, and the caller's rig that is told the outcome; empty for none."""

    kind: JobKind = JobKind.CALIBRATE
    rig: str = ""


CALIBRATE: Final = Task()


@dataclass(frozen=True)
class Submission:
    """A checked upload, and all that is known of its sender.

    Attributes:
        upload: What is to be calibrated or evaluated.
        caller: Who sent it.
        queue: Where it is to wait.
        request_id: Id of the HTTP request.
        idempotency_key: What tells a repeated request from a new one; None if the caller sent no such key.
        task: What is to be done with it.
    """

    upload: Upload
    caller: Caller
    queue: JobQueue
    request_id: str
    idempotency_key: str | None
    task: Task = CALIBRATE

    def digest(self) -> str:
        """Return what tells this request from another one under the same key."""
        return f"{self.task.kind}:{self.task.rig}:{self.queue}:{self.upload.digest()}"


@dataclass(frozen=True)
class Accepted:
    """The job of a submission, and its record if an earlier request had made it."""

    job_id: str
    earlier: JobRecord | None = None


def submit(submission: Submission, backend: Backend) -> Accepted:
    """Store a checked upload and queue it, or find the job that the same request made before.

    Raises:
        IdempotencyKeyReused, QuotaExceeded: Why there is no new job, and no old one.
        RedisError, StorageUnavailable: Nothing was accepted, and what could not be taken back at once soon will be.
    """
    owner, key = submission.caller.owner, submission.idempotency_key
    claim = backend.idempotency.claim(owner, key) if key is not None else None
    origin = JobOrigin(owner, submission.queue, submission.request_id, submission.digest() if claim else "")
    if claim and (earlier := _earlier(claim, origin, backend)):
        return Accepted(earlier.id, earlier)
    job_id = uuid.uuid4().hex
    try:
        earlier = _create(job_id, submission, origin, claim, backend)
    except Exception:
        backend.leftovers.take_back(job_id, owner)
        raise
    if earlier:
        backend.leftovers.take_back(job_id, owner)
        return Accepted(earlier.id, earlier)
    structlog.get_logger(__name__).info("job accepted", job_id=job_id, queue=submission.queue.value, owner=owner)
    return Accepted(job_id)


def _earlier(claim: Claim, origin: JobOrigin, backend: Backend) -> JobRecord | None:
    """Return the job that the key of a request stands for, if it stands for one."""
    job_id = backend.idempotency.job_of(claim)
    record = backend.jobs.get(job_id) if job_id else None
    if record is None or record.state is JobState.CANCELLED:
        return None
    if was_refused(record, backend.blobs):
        backend.leftovers.take_back(record.id, origin.owner)
        return None
    if record.body_digest != origin.body_digest:
        raise IdempotencyKeyReused
    return record


def _create(
    job_id: str, submission: Submission, origin: JobOrigin, claim: Claim | None, backend: Backend
) -> JobRecord | None:
    """Make a job of a submission; or return the one that the same request became meanwhile."""
    inputs = _store(submission.upload, submission.task, job_id, backend.blobs)
    if not backend.owned.admit(origin.owner, job_id, submission.caller.open_jobs):
        raise QuotaExceeded(headers={"Retry-After": str(_RETRY_OVER_QUOTA_S)})
    if submission.task.rig:
        _open_rig(submission, backend)
    while backend.jobs.create(job_id, inputs, origin, claim) is Verdict.REPEATED:
        if claim and (earlier := _earlier(claim, origin, backend)):
            return earlier
    _send_message(job_id, submission.queue, backend)
    return None


def _send_message(job_id: str, queue: JobQueue, backend: Backend) -> None:
    """Hand a job that was accepted to the workers; where the broker is gone again, their reconciler does it later."""
    try:
        backend.dispatcher.publish(job_id, queue)
    except BrokerUnavailable as error:
        structlog.get_logger(__name__).warning("message not sent", job_id=job_id, error=str(error))


def _open_rig(submission: Submission, backend: Backend) -> None:
    """Make the rig that is to be told, or give it the reference of this request."""
    reference = parse_request(submission.upload.request).initial.matrix().tolist()
    backend.rigs.open(submission.caller.owner, submission.task.rig, reference)


def _store(upload: Upload, task: Task, job_id: str, blobs: BlobStore) -> JobInputs:
    request = input_key(job_id, "request.json")
    blobs.put(request, upload.request)
    frames = tuple(_store_frame(frame, index, job_id, blobs) for index, frame in enumerate(upload.frames))
    return JobInputs(request=request, frames=frames, kind=task.kind, rig=task.rig)


def _store_frame(frame: FrameUpload, index: int, job_id: str, blobs: BlobStore) -> FrameKeys:
    keys = {
        # The ending tells the worker the format, where a format has no mark of its own.
        name: input_key(job_id, f"{name}-{index}{suffix(part) if name.startswith('point_') else ''}")
        for name, part in frame.parts.items()
    }
    for name, part in frame.parts.items():
        blobs.put_file(keys[name], part.path)
    return FrameKeys(**keys)
