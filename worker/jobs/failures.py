"""Why a job fails whose attempts did not live to say so."""

from typing import Final

from worker.jobs.record import JobError

POISON: Final = JobError("poison", "The job was given up: no attempt at it came to an end. Send other inputs.")
TIME_LIMIT: Final = JobError(
    "time-limit-exceeded", "The job took longer than this server allows. Send fewer frames or ask for fewer iterations."
)
