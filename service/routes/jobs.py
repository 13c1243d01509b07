"""`/jobs`: which there are, how one stands, its picture, and its end."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from service.access.caller import CallerOfRequest
from service.access.own_job import OwnJob
from service.backend import Backend, BackendOfApp
from service.downloads import download
from service.problems import (
    BrokerDown,
    InvalidParameter,
    LoopbackOnly,
    OverlayNotReady,
    StorageDown,
    Unauthorized,
    UnknownJob,
    describe,
)
from service.routes.addresses import address_of
from service.routes.status import status_response, summaries
from service.schemas import JobList, JobStatus
from service.waiting import preferred_wait_s, wait_for_end
from worker.jobs.record import JobRecord
from worker.jobs.transitions import Verdict
from worker.storage import BlobMissing, artifact_key, overlay_name

router = APIRouter(prefix="/jobs", tags=["jobs"])

Prefer = Annotated[
    str | None,
    Header(description="`wait=N` (RFC 7240) holds the answer back until the job has ended, up to N seconds."),
]


@router.get("", response_model=JobList, responses=describe(Unauthorized, LoopbackOnly, InvalidParameter, BrokerDown))
def list_jobs(
    request: Request,
    backend: BackendOfApp,
    caller: CallerOfRequest,
    limit: Annotated[int, Query(ge=1, le=100, description="Most jobs on a page.")] = 20,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="Where the page before ended.")] = None,
) -> JSONResponse:
    """List the caller's jobs, newest first."""
    page = backend.owned.page(caller.owner, limit, after)
    records = [record for record in backend.jobs.get_all(page.ids) if record is not None]
    following = f"{address_of(request, 'list_jobs')}?limit={limit}&after={page.next}" if page.next else None
    return JSONResponse({"jobs": summaries(records, request, backend), "next": following})


@router.get(
    "/{job_id}",
    response_model=JobStatus,
    responses=describe(Unauthorized, LoopbackOnly, UnknownJob, BrokerDown, StorageDown),
)
async def job_status(record: OwnJob, request: Request, backend: BackendOfApp, prefer: Prefer = None) -> JSONResponse:
    """Say how a job stands. `Retry-After` comes as long as it is not at its end."""
    wait_s = preferred_wait_s(prefer, backend)
    latest: JobRecord | None = record
    if wait_s and not record.state.is_terminal:
        latest = await wait_for_end(record.id, wait_s, backend, request)
    if latest is None:
        raise UnknownJob
    response = await status_response(latest, request, backend)
    if wait_s:
        response.headers["Preference-Applied"] = f"wait={wait_s}"
    return response


@router.get(
    "/{job_id}/overlay.png",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "Points coloured by class over the first image."},
        **describe(Unauthorized, LoopbackOnly, UnknownJob, OverlayNotReady, InvalidParameter, BrokerDown, StorageDown),
    },
)
def job_overlay(record: OwnJob, backend: BackendOfApp, stage: Literal["initial", "final"] = "final") -> Response:
    """Show the points over the image, at the initial or at the returned extrinsic."""
    not_yet = OverlayNotReady(headers={"Retry-After": str(backend.settings.retry_after_s)})
    if record.artifacts is None:
        raise not_yet
    try:
        key = artifact_key(record.id, record.artifacts, overlay_name(stage))
        return download(backend.blobs, key, "image/png", {"Cache-Control": "private, max-age=3600, immutable"})
    except BlobMissing as error:
        raise not_yet from error


@router.delete(
    "/{job_id}",
    status_code=204,
    responses={
        202: {"model": JobStatus, "description": "The job runs: it is cancelled, and gone once it has stopped."},
        204: {"description": "The job and all its bytes are gone."},
        **describe(Unauthorized, LoopbackOnly, UnknownJob, BrokerDown, StorageDown),
    },
)
async def delete_job(record: OwnJob, request: Request, backend: BackendOfApp) -> Response:
    """Cancel a job and delete every byte of it."""
    cancelled = await run_in_threadpool(_cancel, record, backend)
    if cancelled is None:
        return Response(status_code=204)
    return await status_response(cancelled, request, backend, status_code=202)


def _cancel(record: JobRecord, backend: Backend) -> JobRecord | None:
    """Delete a job; return what is left of one that still runs.

    Raises:
        UnknownJob: It was deleted meanwhile.
    """
    verdict = backend.jobs.cancel(record.id)
    if verdict is Verdict.GONE:
        raise UnknownJob
    # The record goes last: where the storage is away, the job can still be found and deleted again.
    backend.blobs.delete_job(record.id)
    if verdict is Verdict.OK:
        backend.jobs.remove(record.id)
    backend.owned.forget(record.owner, record.id)
    return backend.jobs.get(record.id)
