"""`POST /evaluate`: take an evaluation, which scores a given extrinsic and searches for no other."""

from fastapi import APIRouter, Response

from service.openapi import CALIBRATE_BODY, JOB_LINKS
from service.problems import describe
from service.routes.taking import HEADERS, REFUSALS, JobPostOfRequest, take
from service.schemas import JobAccepted, JobStatus
from service.submission import Task
from worker.jobs.record import JobKind

router = APIRouter(tags=["drift watch"])


@router.post(
    "/evaluate",
    status_code=202,
    response_model=JobAccepted,
    openapi_extra={"requestBody": CALIBRATE_BODY},
    responses={
        200: {"model": JobStatus, "description": "With `Prefer: wait=N`: the job has ended.", "headers": HEADERS},
        202: {"model": JobAccepted, "description": "The job was taken.", "headers": HEADERS, "links": JOB_LINKS},
        **describe(*REFUSALS),
    },
)
async def evaluate(post: JobPostOfRequest) -> Response:
    """Queue a look at the extrinsic `initial` of the request: has it drifted?

    The parts are those of `POST /calibrate`; `prior` and `profile` have no meaning here. The verdict in the result is
    `aligned`, `drifted` or `cannot_tell`.
    """
    return await take(post, Task(JobKind.EVALUATE))
