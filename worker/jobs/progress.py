"""How far a running job is: written to its record while it runs."""

import math
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from redis.exceptions import RedisError

from worker.errors import Cancelled
from worker.jobs.store import JobStore
from worker.jobs.transitions import Verdict

_WRITE_INTERVAL_S: Final = 0.2


class StageProgress(Protocol):
    """What the pipeline reports."""

    @property
    def stage(self) -> str:
        """`segmentation`, `initialization` or `refinement`."""

    @property
    def overall(self) -> float:
        """Share of the whole job that is done, 0 to 1."""

    @property
    def loss(self) -> float | None:
        """Alignment loss, once there is one."""


class ProgressWriter:
    """Writes an attempt's reports to its record: every change of stage, else at most five a second.

    A broker that is away for a moment costs a report, not the job.
    """

    def __init__(self, jobs: JobStore, job_id: str, token: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._token = token
        self._clock = clock
        self._stage = ""
        self._next_write = -math.inf

    def __call__(self, report: StageProgress) -> None:
        """Take one report.

        Raises:
            Cancelled: The job was cancelled or deleted, or a later attempt owns it.
        """
        now = self._clock()
        if report.stage == self._stage and now < self._next_write:
            return
        self._stage, self._next_write = report.stage, now + _WRITE_INTERVAL_S
        loss = report.loss if report.loss is not None and math.isfinite(report.loss) else None
        try:
            verdict = self._jobs.progress(self._job_id, self._token, report.stage, report.overall, loss)
        except RedisError as error:
            structlog.get_logger(__name__).warning("progress not written", error=str(error))
            return
        if verdict is not Verdict.OK:
            raise Cancelled(verdict.value)
