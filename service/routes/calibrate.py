"""`POST /calibrate`: take a job."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from service.backend import BackendOfApp
from service.openapi import CALIBRATE_BODY
from service.problems import (
    BodyTooLarge,
    BrokerDown,
    MalformedMultipart,
    MissingPart,
    NotMultipart,
    PartCount,
    StorageDown,
    UnknownPart,
    describe,
)
from service.routes.addresses import links_of
from service.schemas import JobAccepted
from service.submission import submit
from service.uploads import checked_upload, received_form
from worker.jobs.record import JobState

router = APIRouter(tags=["calibration"])


@router.post(
    "/calibrate",
    status_code=202,
    openapi_extra={"requestBody": CALIBRATE_BODY},
    responses=describe(
        MalformedMultipart,
        BodyTooLarge,
        NotMultipart,
        MissingPart,
        UnknownPart,
        PartCount,
        BrokerDown,
        StorageDown,
    ),
)
async def calibrate(request: Request, response: Response, backend: BackendOfApp) -> JobAccepted:
    """Queue a calibration of one rig from one or more frames.

    Repeated parts are frames of the same rig: the first `image` belongs to the first `point_cloud`, and so on.
    Poll the address in `Location`.
    """
    async with received_form(request, backend.settings) as form:
        upload = await run_in_threadpool(checked_upload, form, backend.settings)
        job_id = await run_in_threadpool(submit, upload, backend)
    links = links_of(request, job_id, has_overlay=False)
    response.headers["Location"] = links.self
    response.headers["Retry-After"] = str(backend.settings.retry_after_s)
    return JobAccepted(id=job_id, state=JobState.QUEUED, links=links)
