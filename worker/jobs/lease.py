"""The lease of an attempt: renewed by a thread for as long as the process that computes lives."""

import contextvars
import os
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import structlog
from redis.exceptions import RedisError

from worker.jobs.store import JobStore
from worker.jobs.transitions import Verdict

_RENEWALS_IN_A_LEASE: Final = 5
_LONGEST_INTERVAL_S: Final = 2.0


def kill_this_process() -> None:
    """End this process at once and for good; its supervisor sees to the job."""
    os.kill(os.getpid(), signal.SIGKILL)


class LeaseKeeper:
    """Renews an attempt's lease while the block runs.

    A thread does it, so that computations which let go of the interpreter now and then, as torch's do, need not be
    asked. It is also the one that ends an attempt which does not listen: once a renewal is refused, because the job was
    cancelled, deleted or given to another, the attempt has `grace_s` to leave the block, then its process is killed.

    Args:
        jobs: Job records, over a connection of its own.
        job_id: The job.
        token: The attempt's fencing token.
        lease_s: Seconds that a renewal is good for.
        grace_s: Seconds an attempt has to stop by itself.
        terminate: What is done to one that does not.
    """

    def __init__(
        self,
        jobs: JobStore,
        job_id: str,
        token: int,
        *,
        lease_s: float,
        grace_s: float,
        terminate: Callable[[], object] = kill_this_process,
    ) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._token = token
        self._lease_s = lease_s
        self._grace_s = grace_s
        self._terminate = terminate
        self._left = threading.Event()
        # It logs under the ids of the job, as this thread does.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._keep,), name=f"lease of {job_id}", daemon=True)

    def __enter__(self) -> Self:
        """Start to renew."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let go of the lease; the thread ends when its answer is there."""
        self._left.set()

    def _keep(self) -> None:
        interval_s = min(self._lease_s / _RENEWALS_IN_A_LEASE, _LONGEST_INTERVAL_S)
        while not self._left.wait(interval_s):
            verdict = self._renew()
            if verdict is not Verdict.OK:
                self._see_off(verdict)
                return

    def _renew(self) -> Verdict:
        """Renew once; a broker that is away may be back before the lease is over."""
        try:
            return self._jobs.renew(self._job_id, self._token, self._lease_s)
        except RedisError as error:
            structlog.get_logger(__name__).warning("lease not renewed", job_id=self._job_id, error=str(error))
            return Verdict.OK

    def _see_off(self, verdict: Verdict) -> None:
        if verdict is Verdict.FINISHED or self._left.wait(self._grace_s):
            return
        log = structlog.get_logger(__name__)
        log.warning("attempt did not stop by itself", job_id=self._job_id, token=self._token, verdict=verdict.value)
        self._terminate()
