"""Accepting a job: inputs stored, record written, id published; or nothing of it."""

import contextlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from service.access.caller import Caller
from service.backend import Backend
from service.problems import IdempotencyKeyReused, QuotaExceeded, SameRequestInProgress
from service.uploads import FrameUpload, Upload, suffix
from worker.inputs.request import parse_request
from worker.jobs.idempotency import Standing
from worker.jobs.record import FrameKeys, JobInputs, JobKind, JobOrigin, JobQueue
from worker.storage import BlobStore, input_key

_RETRY_OVER_QUOTA_S = 10
_LOOK_AGAIN_S = 0.1
_LOOKS = 30


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


@dataclass(frozen=True)
class Accepted:
    """The job of a submission; `is_repeat` if an earlier request had made it."""

    job_id: str
    is_repeat: bool


def submit(submission: Submission, backend: Backend) -> Accepted:
    """Store a checked upload and queue it, or find the job that the same request made before.

    Raises:
        IdempotencyKeyReused, SameRequestInProgress, QuotaExceeded: Why there is no new job, and no old one.
        RedisError, BrokerUnavailable, StorageUnavailable: Nothing was accepted and nothing stays behind.
    """
    job_id = uuid.uuid4().hex
    if submission.idempotency_key is None:
        _create(job_id, submission, "", backend)
        return Accepted(job_id, is_repeat=False)
    task = submission.task
    digest = f"{task.kind}:{task.rig}:{submission.queue}:{submission.upload.digest()}"
    if earlier := _claim(submission.caller.owner, submission.idempotency_key, digest, job_id, backend):
        return Accepted(earlier, is_repeat=True)
    with _claim_given_back_on_failure(submission.caller.owner, submission.idempotency_key, job_id, backend):
        _create(job_id, submission, digest, backend)
        backend.idempotency.confirm(submission.caller.owner, submission.idempotency_key, job_id)
    return Accepted(job_id, is_repeat=False)


def _claim(owner: str, key: str, digest: str, job_id: str, backend: Backend) -> str | None:
    """Claim an idempotency key for a job; return the job that the key stands for already, if it does."""
    for _ in range(_LOOKS):
        claim = backend.idempotency.claim(owner, key, digest, job_id)
        match claim.standing:
            case Standing.NEW:
                return None
            case Standing.SAME:
                return claim.job_id
            case Standing.OTHER:
                raise IdempotencyKeyReused
            case Standing.PENDING:
                time.sleep(_LOOK_AGAIN_S)
    raise SameRequestInProgress(headers={"Retry-After": "1"})


@contextlib.contextmanager
def _claim_given_back_on_failure(owner: str, key: str, job_id: str, backend: Backend) -> Iterator[None]:
    try:
        yield
    except Exception:
        backend.idempotency.release(owner, key, job_id)
        raise


def _create(job_id: str, submission: Submission, digest: str, backend: Backend) -> None:
    caller = submission.caller
    origin = JobOrigin(caller.owner, submission.queue, submission.request_id, digest)
    try:
        inputs = _store(submission.upload, submission.task, job_id, backend.blobs)
        if not backend.owned.admit(caller.owner, job_id, caller.open_jobs):
            raise QuotaExceeded(headers={"Retry-After": str(_RETRY_OVER_QUOTA_S)})
        if submission.task.rig:
            _open_rig(submission, backend)
        backend.jobs.create(job_id, inputs, origin)
        backend.dispatcher.publish(job_id, submission.queue)
    except Exception:
        _take_back(job_id, caller.owner, backend)
        raise
    log = structlog.get_logger(__name__)
    log.info("job accepted", job_id=job_id, queue=submission.queue.value, owner=caller.owner)


def _take_back(job_id: str, owner: str, backend: Backend) -> None:
    try:
        backend.blobs.delete_job(job_id)
    finally:
        backend.jobs.remove(job_id)
        backend.owned.forget(owner, job_id)


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
