"""Whether a job may be posted at all: asked before its body is received, for that may be large."""

from service.access.caller import Caller
from service.backend import Backend
from service.problems import QueueFull, RateLimited
from worker.jobs.record import JobQueue

_RETRY_WHEN_FULL_S = 30


def admit_post(caller: Caller, queue: JobQueue, backend: Backend) -> None:
    """Count a post of this caller, and look whether queue and broker have room for its job.

    Raises:
        RateLimited, QueueFull: The caller has to wait.
        RedisError: The broker does not answer.
    """
    if caller.rate is not None and (pause_s := backend.rates.hit(caller.owner, caller.rate)):
        raise RateLimited(headers={"Retry-After": str(pause_s)})
    later = {"Retry-After": str(_RETRY_WHEN_FULL_S)}
    if backend.jobs.waiting_jobs(queue) >= backend.settings.max_queued_jobs:
        raise QueueFull(headers=later)
    if not backend.jobs.has_room():
        raise QueueFull("The broker has no memory left for further jobs: nothing was accepted. Try again later.", later)
