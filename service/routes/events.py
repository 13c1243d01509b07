"""`GET /jobs/{id}/events`: a job as it goes on, without asking again and again."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from service.access.own_job import OwnJob
from service.backend import Backend, BackendOfApp
from service.events import is_last_event, job_events
from service.openapi import EVENT
from service.problems import BrokerDown, LoopbackOnly, TooManyStreams, Unauthorized, UnknownJob, describe

router = APIRouter(prefix="/jobs", tags=["jobs"])
# Proxies that collect an answer before they pass it on would keep the events to themselves.
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "`progress` with each change, `end` once, or `gone` where the job was deleted.",
            "content": {"text/event-stream": {"schema": EVENT}},
        },
        204: {"description": "The client has the last event already: nothing more will come."},
        **describe(Unauthorized, LoopbackOnly, UnknownJob, TooManyStreams, BrokerDown),
    },
)
async def job_event_stream(
    record: OwnJob,
    backend: BackendOfApp,
    last_event_id: Annotated[str, Header(description="Id of the last event that the client has.")] = "",
) -> Response:
    """Follow a job by server-sent events until it ends; a client that lost its connection goes on where it was."""
    if is_last_event(record, last_event_id):
        return Response(status_code=204)
    if backend.seats.are_taken:
        raise TooManyStreams(headers={"Retry-After": "10"})
    stream = _seated(record.id, last_event_id, backend)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_UNBUFFERED)


async def _seated(job_id: str, last_id: str, backend: Backend) -> AsyncIterator[bytes]:
    # Taken here and not before: a stream that is never begun would keep its seat.
    with backend.seats.taken() as seated:
        if seated:
            async for event in job_events(job_id, last_id, backend):
                yield event
