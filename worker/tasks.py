"""The one task, and the process around it: `celery --app worker.tasks worker`."""

import functools
import os
import time
from typing import Any

import billiard.util
import structlog
from celery import Task, signals
from celery.exceptions import Reject
from redis.exceptions import RedisError

from worker.attempt import Workbench, run_attempt
from worker.celery_app import TASK, create_celery_app
from worker.computing_environment import computing_environment
from worker.logs import configure_logging
from worker.metrics_server import WorkerMetrics
from worker.settings import Settings
from worker.storage import StorageUnavailable
from worker.supervisor import Supervisor

_OUTAGE_PAUSE_S = 5.0

app = create_celery_app(Settings())


@functools.cache
def workbench() -> Workbench:
    """Return what all attempts of this process share."""
    return Workbench.open(Settings())


@app.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]  # celery has no types
def calibrate(task: Task, job_id: str) -> None:
    """Calibrate the job with this id; what comes out is in its record and its blobs."""
    with structlog.contextvars.bound_contextvars(job_id=job_id, request_id=None):
        try:
            run_attempt(workbench(), job_id, task.request.hostname)
        except (RedisError, StorageUnavailable) as error:
            structlog.get_logger(__name__).exception("job handed back")
            time.sleep(_OUTAGE_PAUSE_S)
            raise Reject(str(error), requeue=True) from error


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_logging(**_: Any) -> None:
    configure_logging(Settings())
    # It says there when a process was killed, and would keep that from the handlers of all others.
    billiard.util.get_logger().propagate = True


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _set_up_supervisor(sender: Any, **_: Any) -> None:
    """Prepare the parent of the processes that compute; it never loads torch itself."""
    settings = Settings()
    configure_logging(settings)  # Celery asks for it only after this
    _prepare_environment(settings, processes=max(1, sender.concurrency or 1))
    Supervisor.open(settings, sender.hostname).watch(calibrate)
    if settings.metrics_port:
        WorkerMetrics(settings).watch(calibrate)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def _warm_up(**_: Any) -> None:
    """Import the pipeline before the first job waits for it."""
    workbench()


def _prepare_environment(settings: Settings, processes: int) -> None:
    """Tell the processes that compute, before they start, to share the cores; what the operator set stands."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = settings.threads or max(1, cores // processes)
    for variable, value in computing_environment(threads).items():
        os.environ.setdefault(variable, value)
