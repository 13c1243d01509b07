"""Making records and queue agree again, whatever died: nothing accepted stays behind, nothing expired stays on."""

import threading
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from redis.exceptions import RedisError

from worker.dispatch import Dispatcher
from worker.errors import BrokerUnavailable
from worker.jobs.record import JobRecord
from worker.jobs.release import let_go, was_refused
from worker.jobs.store import JobStore
from worker.jobs.transitions import Verdict
from worker.settings import Settings
from worker.storage import BlobStore, StorageUnavailable

# A pass of one worker counts for all, until shortly before its own next one.
_SHARE_OF_INTERVAL: Final = 0.9
_SWEEP_INTERVAL_S: Final = 3600.0


class Reconciler:
    """Looks after all jobs of a deployment, now and then, wherever a worker runs.

    - A job whose attempt let its lease run out waits again, or has failed if it was delivered too often.
    - A job that waits without a message in the queue gets another one; or it goes, if its caller heard that it was
      refused.
    - A cancelled job whose attempt died goes away.
    - What attempts wrote that had lost their job goes, once none of their processes can live.
    - Inputs and results go when their time is over, as do blobs that no record knows any more.

    Each worker runs one; of those, one at a time does the work. Every step may be repeated or broken off anywhere.
    """

    def __init__(self, settings: Settings, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher) -> None:
        self._settings = settings
        self._jobs = jobs
        self._blobs = blobs
        self._dispatcher = dispatcher
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to look after the jobs, in a thread."""
        threading.Thread(target=self._run, name="reconciler", daemon=True).start()

    def stop(self) -> None:
        """Begin no further pass."""
        self._stopped.set()

    def run_once(self) -> None:
        """Do everything once, if no other worker did just now.

        Raises:
            RedisError, BrokerUnavailable, StorageUnavailable: What was not done is left to the next pass.
        """
        if not self._jobs.reserve("reconcile", self._settings.reconcile_interval_s * _SHARE_OF_INTERVAL):
            return
        self.requeue_lost()
        self.requeue_overlooked()
        self.tidy()
        self.expire()
        if self._jobs.reserve("sweep", _SWEEP_INTERVAL_S):
            self.sweep()

    def requeue_lost(self) -> None:
        """Take jobs from attempts that let their lease run out."""
        _each(self._jobs.expired_leases(), self._requeue_if_lost)

    def requeue_overlooked(self) -> None:
        """Send the messages again of jobs that wait and are in no queue.

        A message that a worker took is not in the queue either, but its job no longer waits a moment later, unless the
        worker died or has yet to load its models. A second message does no harm: who comes first begins the job.
        """
        if suspects := self._jobs.sent_before(self._settings.lease_s):
            queued = self._dispatcher.queued_jobs()
            _each([job_id for job_id in suspects if job_id not in queued], self._requeue_or_withdraw)

    def tidy(self) -> None:
        """Delete what was written in the name of attempts that had lost their job by then.

        The attempt that ended the job deleted what there was; but a process that was cut off, or stopped for a while,
        goes on until it notices. At the latest the time limit ends it.
        """
        _each(self._jobs.untidy_for(self._settings.hard_time_limit_s), self._tidy)

    def expire(self) -> None:
        """Delete inputs and results whose time is over; blobs first, so that no record is gone before its bytes."""
        _each(self._jobs.with_inputs_ended_before(self._settings.keep_inputs_s), self._forget_inputs)
        _each(self._jobs.ended_before(self._settings.keep_results_s), self._remove)

    def sweep(self) -> None:
        """Delete blobs without a record that are older than any result: what an upload that broke off left."""
        _each(self._blobs.jobs_older_than(self._settings.keep_results_s), self._sweep)

    def _requeue_if_lost(self, job_id: str) -> None:
        if (record := self._jobs.get(job_id)) is None:
            return
        verdict = self._jobs.lose(job_id, record.token, self._settings.max_deliveries, only_if_expired=True)
        _log("lease ran out", record, verdict)
        if verdict is Verdict.OK:
            self._dispatcher.publish(job_id, record.queue)
        elif verdict in (Verdict.CANCELLED, Verdict.POISON):
            let_go(self._jobs, self._blobs, job_id, record.token)

    def _requeue_or_withdraw(self, job_id: str) -> None:
        if (record := self._jobs.get(job_id)) is None:
            return
        if was_refused(record, self._blobs):
            self._withdraw(record)
            return
        verdict = self._jobs.requeue(job_id)
        _log("message lost", record, verdict)
        if verdict is Verdict.OK:
            self._dispatcher.publish(job_id, record.queue)

    def _withdraw(self, record: JobRecord) -> None:
        """Delete what is left of a job that was refused; its caller's list and key then lead nowhere."""
        verdict = self._jobs.cancel(record.id)
        _log("refused job withdrawn", record, verdict)
        if verdict is Verdict.OK:
            let_go(self._jobs, self._blobs, record.id, record.token)

    def _tidy(self, job_id: str) -> None:
        let_go(self._jobs, self._blobs, job_id, None)
        self._jobs.tidied(job_id, self._settings.hard_time_limit_s)

    def _forget_inputs(self, job_id: str) -> None:
        self._blobs.delete_inputs(job_id)
        self._jobs.forget_inputs(job_id)

    def _remove(self, job_id: str) -> None:
        self._blobs.delete_job(job_id)
        self._jobs.remove(job_id)

    def _sweep(self, job_id: str) -> None:
        if self._jobs.get(job_id) is None:
            self._blobs.delete_job(job_id)

    def _run(self) -> None:
        was_steady = False
        while not self._stopped.wait(self._settings.reconcile_interval_s):
            # Leases run on while the broker is away, and no attempt can renew one: after an outage give them a turn.
            is_steady = _succeeds(self._jobs.ping)
            if was_steady and is_steady:
                is_steady = _succeeds(self.run_once)
            was_steady = is_steady


def _each(job_ids: Iterable[str], step: Callable[[str], None]) -> None:
    """Do a step for every job; one that nobody foresaw, such as a record of another version, holds up no other."""
    for job_id in job_ids:
        try:
            step(job_id)
        except (RedisError, BrokerUnavailable, StorageUnavailable):
            raise
        except Exception:
            structlog.get_logger(__name__).exception("job not reconciled", job_id=job_id)


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except (RedisError, BrokerUnavailable, StorageUnavailable) as error:
        structlog.get_logger(__name__).warning("reconciling waits", error=str(error))
        return False
    except Exception:  # the thread must outlive whatever it meets: nobody would miss it before jobs are lost
        structlog.get_logger(__name__).exception("reconciling failed")
        return False
    return True


def _log(event: str, record: JobRecord, verdict: Verdict) -> None:
    log = structlog.get_logger(__name__).bind(job_id=record.id, request_id=record.request_id)
    log.warning(event, worker=record.worker, token=record.token, verdict=verdict.value)
