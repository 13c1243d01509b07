"""`/jobs/{id}`: how a job stands, its picture, and its end."""

import json
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import JSONResponse

from service.backend import Backend, BackendOfApp
from service.cancellation import see_off
from service.problems import BrokerDown, InvalidParameter, OverlayNotReady, StorageDown, UnknownJob, describe
from service.routes.addresses import links_of
from service.schemas import JobStatus, status_object
from worker.jobs.record import JobRecord, JobState
from worker.jobs.transitions import Verdict
from worker.storage import RESULT, BlobMissing, artifact_key, overlay_name

router = APIRouter(prefix="/jobs", tags=["jobs"])
_JOB_ID = re.compile(r"[0-9a-f]{32}")


def known_id(job_id: str) -> str:
    """Refuse what no server made, before it becomes part of a key.

    Raises:
        UnknownJob: It cannot be the id of a job.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise UnknownJob
    return job_id


JobId = Annotated[str, Depends(known_id)]


@router.get("/{job_id}", response_model=JobStatus, responses=describe(UnknownJob, BrokerDown, StorageDown))
def job_status(job_id: JobId, request: Request, backend: BackendOfApp) -> JSONResponse:
    """Say how a job stands. `Retry-After` comes as long as it is not at its end."""
    record = _record(job_id, backend)
    headers = {"Cache-Control": "no-store"}
    if not record.state.is_terminal:
        headers["Retry-After"] = str(backend.settings.retry_after_s)
    return JSONResponse(_status(record, request, backend), headers=headers)


@router.get(
    "/{job_id}/overlay.png",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "Points coloured by class over the first image."},
        **describe(UnknownJob, OverlayNotReady, InvalidParameter, BrokerDown, StorageDown),
    },
)
def job_overlay(job_id: JobId, backend: BackendOfApp, stage: Literal["initial", "final"] = "final") -> Response:
    """Show the points over the image, at the initial or at the returned extrinsic."""
    record = _record(job_id, backend)
    if record.artifacts is None:
        raise OverlayNotReady
    try:
        png = backend.blobs.get(artifact_key(job_id, record.artifacts, overlay_name(stage)))
    except BlobMissing as error:
        raise OverlayNotReady from error
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=3600, immutable"})


@router.delete(
    "/{job_id}",
    status_code=204,
    responses={
        202: {"model": JobStatus, "description": "The job runs: it is cancelled, and gone once it has stopped."},
        204: {"description": "The job and all its bytes are gone."},
        **describe(UnknownJob, BrokerDown, StorageDown),
    },
)
def delete_job(job_id: JobId, request: Request, backend: BackendOfApp, after: BackgroundTasks) -> Response:
    """Cancel a job and delete every byte of it."""
    verdict = backend.jobs.cancel(job_id)
    if verdict is Verdict.GONE:
        raise UnknownJob
    backend.blobs.delete_job(job_id)
    record = backend.jobs.get(job_id)
    if record is None:
        return Response(status_code=204)
    after.add_task(see_off, job_id, backend)
    return JSONResponse(_status(record, request, backend), status_code=202)


def _record(job_id: str, backend: Backend) -> JobRecord:
    record = backend.jobs.get(job_id)
    if record is None:
        raise UnknownJob
    return record


def _status(record: JobRecord, request: Request, backend: Backend) -> dict[str, Any]:
    links = links_of(request, record.id, has_overlay=record.artifacts is not None)
    position = backend.jobs.queue_position(record.id) if record.state is JobState.QUEUED else None
    return status_object(record, queue_position=position, links=links, result=_result(record, backend))


def _result(record: JobRecord, backend: Backend) -> dict[str, Any] | None:
    if record.artifacts is None:
        return None
    try:
        result: dict[str, Any] = json.loads(backend.blobs.get(artifact_key(record.id, record.artifacts, RESULT)))
    except BlobMissing as error:
        raise UnknownJob from error  # it is being deleted just now
    return result
