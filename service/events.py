"""Server-sent events of one job: its stage, progress, loss and place in the queue, until it ends."""

import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
from fastapi.sse import format_sse_event
from redis.exceptions import RedisError

from service.backend import Backend
from service.schemas import progress_object
from worker.jobs.record import JobRecord

_LOOK_INTERVAL_S = 0.25
_RECONNECT_MS = 2000


async def job_events(job_id: str, last_id: str, backend: Backend) -> AsyncIterator[bytes]:
    """Yield the events of a job as they go over the wire.

    `progress` comes with every change, `end` once at the end, `gone` where the job was deleted; after the last two the
    stream ends. It also ends where the broker is away, or the caller's key was revoked: the client then comes again by
    itself, and hears why. An id stands for what the event says, so that any server can go on where another one stopped.

    Args:
        job_id: The job.
        last_id: Id of the last event the client has; it is not sent again. Empty without one.
        backend: Where the job is looked up.
    """
    yield format_sse_event(retry=_RECONNECT_MS)
    started = said_something = time.monotonic()
    while time.monotonic() - started < backend.settings.max_stream_s:
        try:
            record = await backend.records.ask(job_id)
            position = None if record is None else await backend.queue_position(record)
        except RedisError:
            return
        if record is None:
            yield format_sse_event(event="gone", data_str=json.dumps({"id": job_id}))
            return
        if not backend.still_serves(record.owner):
            return
        report = progress_object(record, queue_position=position)
        event_id = _id_of(report)
        if event_id != last_id:
            kind = "end" if record.state.is_terminal else "progress"
            yield format_sse_event(event=kind, data_str=json.dumps(report), id=event_id)
            last_id, said_something = event_id, time.monotonic()
        if record.state.is_terminal:
            return
        if time.monotonic() - said_something >= backend.settings.heartbeat_s:
            yield format_sse_event(comment="still here")
            said_something = time.monotonic()
        await anyio.sleep(_LOOK_INTERVAL_S)


def is_last_event(record: JobRecord, last_id: str) -> bool:
    """Return whether a client that has this event has all there is to come."""
    return record.state.is_terminal and last_id == _id_of(progress_object(record, queue_position=None))


def _id_of(report: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()[:16]
