"""What the parent of the computing processes does for their jobs; it outlives them, and never loads torch."""

from typing import Any, Self

import structlog
from celery import signals
from celery.exceptions import TimeLimitExceeded

from worker.dispatch import Dispatcher
from worker.jobs.failures import TIME_LIMIT
from worker.jobs.reconciler import Reconciler
from worker.jobs.record import JobRecord, JobState
from worker.jobs.release import let_go
from worker.jobs.store import JobStore, connect
from worker.jobs.transitions import Verdict
from worker.settings import Settings
from worker.storage import BlobStore, open_storage


class Supervisor:
    """Sees to the jobs of processes that were killed, and takes its turn at reconciling records with the queue.

    Args:
        settings: Those of the worker.
        worker: Its name, which the records of its jobs hold.
        jobs, blobs, dispatcher: What the jobs are kept in.
    """

    def __init__(
        self, settings: Settings, worker: str, jobs: JobStore, blobs: BlobStore, dispatcher: Dispatcher
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._jobs = jobs
        self._blobs = blobs
        self._dispatcher = dispatcher
        self.reconciler = Reconciler(settings, jobs, blobs, dispatcher)

    @classmethod
    def open(cls, settings: Settings, worker: str) -> Self:
        """Connect to broker and storage."""
        jobs = JobStore(connect(settings.resolved_broker_url, timeout_s=settings.broker_timeout_s))
        return cls(settings, worker, jobs, open_storage(settings), Dispatcher(settings))

    def watch(self, task: Any) -> None:
        """Listen to what Celery says of the processes that work on `task`, and start to reconcile."""
        signals.task_failure.connect(self._on_failure, sender=task, weak=False)
        signals.worker_shutting_down.connect(self._on_shutdown, sender=self._worker, weak=False)
        self.reconciler.start()

    def see_to(self, job_id: str, *, timed_out: bool) -> None:
        """Decide what becomes of a job whose process was killed: by the hard time limit, or by something else."""
        self._decide(job_id, timed_out=timed_out)
        if timed_out:
            # Celery says so before it kills, and what the process writes until then must not stay either.
            self._jobs.leave_untidy(job_id)

    def _decide(self, job_id: str, *, timed_out: bool) -> None:
        record = self._own(job_id)
        if record is None:
            # Another attempt has it, or had it: what the killed process wrote after that must not stay.
            let_go(self._jobs, self._blobs, job_id, None)
            return
        if timed_out:
            verdict = self._jobs.finish(job_id, record.token, JobState.FAILED, artifacts=False, error=TIME_LIMIT)
        else:
            verdict = self._jobs.lose(job_id, record.token, self._settings.max_deliveries)
        _log_of(record).warning("process lost", timed_out=timed_out, verdict=verdict)
        if verdict is Verdict.OK and not timed_out:
            self._dispatcher.publish(job_id, record.queue)
        else:
            let_go(self._jobs, self._blobs, job_id, record.token)

    def hand_back_all(self) -> None:
        """Let the jobs wait whose processes were stopped with this worker; Celery puts their messages back."""
        for job_id in self._jobs.leased_jobs():
            if (record := self._own(job_id)) is not None:
                verdict = self._jobs.hand_back(job_id, record.token)
                _log_of(record).info("job handed back", verdict=verdict.value)

    def _own(self, job_id: str) -> JobRecord | None:
        record = self._jobs.get(job_id)
        return record if record is not None and record.worker == self._worker else None

    def _on_failure(self, *, args: Any, exception: BaseException, **_: Any) -> None:
        # What fails here, Celery logs; the job's lease then runs out, and the reconciler sees to it.
        self.see_to(args[0], timed_out=isinstance(exception, TimeLimitExceeded))

    def _on_shutdown(self, *, how: str, **_: Any) -> None:
        self.reconciler.stop()
        if how == "Cold":
            self.hand_back_all()


def _log_of(record: JobRecord) -> Any:
    return structlog.get_logger(__name__).bind(job_id=record.id, request_id=record.request_id)
