"""`Prefer: wait=N`: holding an answer back until the job has ended, or N seconds have passed."""

import re

import anyio
from fastapi import Request

from service.backend import Backend
from worker.jobs.record import JobRecord

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\d*\"?(?=$|[,;\s])", re.IGNORECASE)
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.5


def preferred_wait_s(prefer: str | None, backend: Backend) -> int:
    """Return the seconds that a `Prefer` header asks to wait, as far as the server goes along; 0 without the wish."""
    match = _WAIT.search(prefer or "")
    return min(int(match[1]), backend.settings.max_wait_s) if match else 0


async def wait_for_end(job_id: str, wait_s: float, backend: Backend, request: Request) -> JobRecord | None:
    """Return the record of a job once it has ended, or after `wait_s` seconds, or at once where all seats are taken.

    A caller who hung up is not waited for: the seat is somebody else's.

    Returns:
        The record; None if the job is not there any more.

    Raises:
        RedisError: The broker does not answer.
    """
    with backend.seats.taken() as seated:
        record = await backend.records.ask(job_id)
        if not seated:
            return record
        pause_s = _FIRST_PAUSE_S
        with anyio.move_on_after(wait_s):
            while record is not None and not record.state.is_terminal and not await request.is_disconnected():
                await anyio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                record = await backend.records.ask(job_id)
    return record
