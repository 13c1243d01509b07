"""How a job is answered: its record, its place in the queue, and its result."""

import json
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from service.backend import Backend
from service.problems import UnknownJob
from service.routes.addresses import links_of
from service.schemas import status_object, summary_object
from worker.jobs.record import JobRecord, JobState
from worker.storage import RESULT, BlobMissing, artifact_key


def status_response(record: JobRecord, request: Request, backend: Backend, status_code: int = 200) -> JSONResponse:
    """Answer with a job's status, and when to ask again where it has not ended."""
    position, links = _position(record, backend), _links(record, request)
    status = status_object(record, queue_position=position, links=links, result=_result(record, backend))
    headers = {} if record.state.is_terminal else {"Retry-After": str(backend.settings.retry_after_s)}
    return JSONResponse(status, status_code, headers)


def summary(record: JobRecord, request: Request, backend: Backend) -> dict[str, Any]:
    """Return a job as a list shows it."""
    return summary_object(record, queue_position=_position(record, backend), links=_links(record, request))


def _links(record: JobRecord, request: Request) -> Any:
    return links_of(request, record.id, has_overlay=record.artifacts is not None)


def _position(record: JobRecord, backend: Backend) -> int | None:
    return backend.jobs.queue_position(record.id) if record.state is JobState.QUEUED else None


def _result(record: JobRecord, backend: Backend) -> dict[str, Any] | None:
    if record.artifacts is None:
        return None
    try:
        result: dict[str, Any] = json.loads(backend.blobs.get(artifact_key(record.id, record.artifacts, RESULT)))
    except BlobMissing as error:
        raise UnknownJob from error  # it is being deleted just now
    return result
