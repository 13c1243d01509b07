"""`POST /calibrate`: take a calibration."""

from fastapi import APIRouter, Response

from service.routes.taking import TAKES_A_JOB, JobPostOfRequest, take
from service.submission import CALIBRATE

router = APIRouter(tags=["calibration"])


@router.post("/calibrate", **TAKES_A_JOB)
async def calibrate(post: JobPostOfRequest) -> Response:
    """Queue a calibration of one rig from one or more frames.

    Repeated parts are frames of the same rig: the first `image` belongs to the first `point_cloud`, and so on.
    Poll the address in `Location`, or follow its events.
    """
    return await take(post, CALIBRATE)
