"""How a job is taken, whatever is to be done in it: received, checked, queued, and answered."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import anyio.to_thread
import structlog
from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from service.access.caller import Caller, CallerOfRequest
from service.admission import admit_post
from service.backend import Backend, BackendOfApp
from service.multipart import received_parts
from service.openapi import CALIBRATE_BODY, JOB_LINKS
from service.problems import (
    BodyTooLarge,
    BrokerDown,
    IdempotencyKeyReused,
    InvalidParameter,
    LoopbackOnly,
    MalformedMultipart,
    MissingPart,
    NotMultipart,
    PartCount,
    QueueFull,
    QuotaExceeded,
    RateLimited,
    RequestTooSlow,
    StorageDown,
    Unauthorized,
    UnknownJob,
    UnknownPart,
    describe,
)
from service.routes.addresses import links_of
from service.routes.jobs import Prefer
from service.routes.status import status_response
from service.schemas import JobAccepted, JobStatus
from service.submission import Accepted, Submission, Task, submit
from service.uploads import checked_upload, most_parts
from service.waiting import preferred_wait_s, wait_for_end
from worker.jobs.record import JobQueue, JobState
from worker.storage import StorageUnavailable

_HEADERS: Final[dict[str, Any]] = {
    "Location": {"description": "Address of the job.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before looking.", "schema": {"type": "integer"}},
}
_REFUSALS: Final = (
    MalformedMultipart,
    Unauthorized,
    LoopbackOnly,
    RequestTooSlow,
    BodyTooLarge,
    NotMultipart,
    MissingPart,
    UnknownPart,
    PartCount,
    IdempotencyKeyReused,
    InvalidParameter,
    RateLimited,
    QuotaExceeded,
    QueueFull,
    BrokerDown,
    StorageDown,
)
# How every route that takes a job is declared.
TAKES_A_JOB: Final[dict[str, Any]] = {
    "status_code": 202,
    "response_model": JobAccepted,
    "openapi_extra": {"requestBody": CALIBRATE_BODY},
    "responses": {
        200: {"model": JobStatus, "description": "With `Prefer: wait=N`: the job has ended.", "headers": _HEADERS},
        202: {"model": JobAccepted, "description": "The job was taken.", "headers": _HEADERS, "links": JOB_LINKS},
        **describe(*_REFUSALS),
    },
}


@dataclass(frozen=True)
class JobPost:
    """A request that brings a job, before its body is read."""

    request: Request
    backend: Backend
    caller: Caller
    queue: JobQueue
    idempotency_key: str | None
    prefer: str | None


def _job_post(
    *,
    request: Request,
    backend: BackendOfApp,
    caller: CallerOfRequest,
    queue: Annotated[
        JobQueue, Query(description="`interactive` jobs come first; `batch` gets every fifth turn or so.")
    ] = JobQueue.INTERACTIVE,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[!-~]+$",
            description="Made up for each new request; the same key with the same parts leads to the same job.",
        ),
    ] = None,
    prefer: Prefer = None,
) -> JobPost:
    return JobPost(request, backend, caller, queue, idempotency_key, prefer)


JobPostOfRequest = Annotated[JobPost, Depends(_job_post)]


async def take(post: JobPost, task: Task) -> Response:
    """Take a job and answer where it is, or with its end where the caller waits for that.

    Raises:
        Problem: Why it was not taken; nothing of it is kept.
    """
    request, backend = post.request, post.backend
    await run_in_threadpool(admit_post, post.caller, post.queue, backend)
    accepted = await _accept(post, task)
    wait_s = preferred_wait_s(post.prefer, backend)
    response = await _answer(accepted, wait_s, request, backend)
    response.headers["Location"] = links_of(request, accepted.job_id, has_overlay=False).self
    if wait_s:
        response.headers["Preference-Applied"] = f"wait={wait_s}"
    if accepted.earlier:
        response.headers["Idempotency-Replayed"] = "true"
    return response


async def _accept(post: JobPost, task: Task) -> Accepted:
    """Receive, check and submit; what was received is gone from this machine's disk after it."""
    backend = post.backend
    async with received_parts(post.request, most_parts(backend.settings), backend.spool.path) as parts:
        limiter = backend.checks.limiter([part.path for part in parts])
        upload = await anyio.to_thread.run_sync(checked_upload, parts, backend.settings, task.kind, limiter=limiter)
        submission = Submission(
            upload, post.caller, post.queue, post.request.state.request_id, post.idempotency_key, task
        )
        return await run_in_threadpool(submit, submission, backend)


async def _answer(accepted: Accepted, wait_s: int, request: Request, backend: Backend) -> Response:
    record = accepted.earlier
    try:
        if wait_s:
            record = await wait_for_end(accepted.job_id, wait_s, backend, request)
            if record is not None and record.state.is_terminal:
                return await status_response(record, request, backend)
    except (RedisError, StorageUnavailable, UnknownJob) as error:
        # The job is accepted all the same: who hears anything else sends it a second time.
        structlog.get_logger(__name__).warning("wait broken off", job_id=accepted.job_id, error=str(error))
    state = JobState.QUEUED if record is None else record.state
    links = links_of(request, accepted.job_id, has_overlay=record is not None and record.artifacts is not None)
    body = JobAccepted(id=accepted.job_id, state=state, links=links)
    return JSONResponse(body.model_dump(mode="json"), 202, {"Retry-After": str(backend.settings.retry_after_s)})
