"""How a job is answered: its record, its place in the queue, and its result."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from service.backend import Backend
from service.problems import UnknownJob
from service.routes.addresses import links_of
from service.schemas import Links, status_object, summary_object
from worker.jobs.record import JobRecord, JobState
from worker.storage import RESULT, BlobMissing, artifact_key


async def status_response(
    record: JobRecord, request: Request, backend: Backend, status_code: int = 200
) -> JSONResponse:
    """Answer with a job's status, and when to ask again where it has not ended."""
    position = await backend.queue_position(record)
    result = await run_in_threadpool(_result, record, backend) if record.artifacts is not None else None
    status = status_object(record, queue_position=position, links=_links(record, request), result=result)
    headers = {} if record.state.is_terminal else {"Retry-After": str(backend.settings.retry_after_s)}
    return JSONResponse(status, status_code, headers)


def summaries(records: Sequence[JobRecord], request: Request, backend: Backend) -> list[dict[str, Any]]:
    """Return jobs as a list shows them."""
    waiting = [record.id for record in records if record.state is JobState.QUEUED]
    positions = dict(zip(waiting, backend.jobs.queue_positions(waiting), strict=True))
    return [
        summary_object(record, queue_position=positions.get(record.id), links=_links(record, request))
        for record in records
    ]


def _links(record: JobRecord, request: Request) -> Links:
    return links_of(request, record.id, has_overlay=record.artifacts is not None)


def _result(record: JobRecord, backend: Backend) -> dict[str, Any]:
    assert record.artifacts is not None
    try:
        result: dict[str, Any] = json.loads(backend.blobs.get(artifact_key(record.id, record.artifacts, RESULT)))
    except BlobMissing as error:
        raise UnknownJob from error  # it is being deleted just now
    return result
