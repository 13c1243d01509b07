"""The end of a job that was cancelled while it ran."""

import time

import structlog

from service.backend import Backend

_LOOK_INTERVAL_S = 0.25


def see_off(job_id: str, backend: Backend) -> None:
    """Wait until the attempt has let go of a cancelled job; kill its process where it does not within the grace.

    The worker removes the record when it lets go. Where nobody does, this removes it, and what the attempt wrote.
    """
    deadline = time.monotonic() + backend.settings.cancel_grace_s
    while time.monotonic() < deadline:
        if backend.jobs.get(job_id) is None:
            return
        time.sleep(_LOOK_INTERVAL_S)
    structlog.get_logger(__name__).warning("cancelled job did not stop by itself", job_id=job_id)
    backend.dispatcher.terminate(job_id)
    backend.blobs.delete_job(job_id)
    backend.jobs.remove(job_id)
