"""`POST /calibrate`: take a calibration."""

from fastapi import APIRouter, Response

from service.openapi import CALIBRATE_BODY, JOB_LINKS
from service.problems import describe
from service.routes.taking import HEADERS, REFUSALS, JobPostOfRequest, take
from service.schemas import JobAccepted, JobStatus
from service.submission import CALIBRATE

router = APIRouter(tags=["calibration"])


@router.post(
    "/calibrate",
    status_code=202,
    response_model=JobAccepted,
    openapi_extra={"requestBody": CALIBRATE_BODY},
    responses={
        200: {"model": JobStatus, "description": "With `Prefer: wait=N`: the job has ended.", "headers": HEADERS},
        202: {"model": JobAccepted, "description": "The job was taken.", "headers": HEADERS, "links": JOB_LINKS},
        **describe(*REFUSALS),
    },
)
async def calibrate(post: JobPostOfRequest) -> Response:
    """Queue a calibration of one rig from one or more frames.

    Repeated parts are frames of the same rig: the first `image` belongs to the first `point_cloud`, and so on.
    Poll the address in `Location`, or follow its events.
    """
    return await take(post, CALIBRATE)
