"""`POST /evaluate`: take an evaluation, which scores a given extrinsic and searches for no other."""

from fastapi import APIRouter, Response

from service.routes.taking import TAKES_A_JOB, JobPostOfRequest, take
from service.submission import Task
from worker.jobs.record import JobKind

router = APIRouter(tags=["drift watch"])


@router.post("/evaluate", **TAKES_A_JOB)
async def evaluate(post: JobPostOfRequest) -> Response:
    """Queue a look at the extrinsic `initial` of the request: has it drifted?

    The parts are those of `POST /calibrate`; `prior` and `profile` have no meaning here. With `options.tracking` it is
    a short climb, without a look around. The verdict in the result is `aligned`, `drifted` or `cannot_tell`.
    """
    return await take(post, Task(JobKind.EVALUATE))
