"""The Celery application, made from settings; API and worker use the same."""

import math
from typing import Any, Final

from celery import Celery

from worker.jobs.record import JobQueue
from worker.settings import Settings

TASK: Final = "semalign.calibrate"
QUEUES: Final = {JobQueue.INTERACTIVE: "semalign.1.interactive", JobQueue.BATCH: "semalign.2.batch"}
_RESTORE_INTERVAL_S: Final = 5


def create_celery_app(settings: Settings) -> Celery:
    """Return an application that publishes to, or works on, the queues of calibration jobs."""
    app = Celery("semalign", broker=celery_broker_url(settings.resolved_broker_url), set_as_current=False)
    app.conf.update(_options(settings))
    return app


def celery_broker_url(url: str) -> str:
    """Write a broker URL as Celery wants it: a unix socket is `redis+socket://` there and `unix://` in redis-py."""
    scheme, separator, rest = url.partition("://")
    if scheme == "rediss" and "ssl_cert_reqs=" not in rest:
        # redis-py checks certificates by itself; Celery would take any.
        return f"{url}{'&' if '?' in rest else '?'}ssl_cert_reqs=required"
    return f"redis+socket{separator}{rest}" if scheme == "unix" else url


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "task_queues": {name: {"routing_key": name} for name in QUEUES.values()},
        "task_default_queue": QUEUES[JobQueue.INTERACTIVE],
        "task_serializer": "json",
        "accept_content": ["json"],
        # The job record is the result. A result backend would make publishing block for 19 s when the broker is down.
        "task_ignore_result": True,
        # A message is acknowledged when its job ended: whatever stops a worker, the message comes back. Where a process
        # was killed under a job, the supervisor sends a new one.
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        # True lost the job in three of three trials.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_soft_shutdown_timeout": settings.shutdown_grace_s,
        "task_soft_time_limit": settings.soft_time_limit_s,
        "task_time_limit": settings.hard_time_limit_s,
        # Only processes can be terminated and held to a hard limit; CUDA does not survive a fork. Importing torch
        # outlives the default of 4 s, after which the child would be killed in a loop.
        "worker_pool": "prefork",
        "worker_pool_start_method": "spawn",
        "worker_proc_alive_timeout": 120,
        # How long to look for the answer of a process that died; its record tells what it achieved.
        "worker_lost_wait": 1.0,
        "worker_concurrency": 1,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # Not in turn: a batch of thousands must not hold up the person who waits. By name, for these options are
            # sent as JSON to whoever asks a worker for its state.
            "queue_order_strategy": "worker.queue_order:QueueOrder",
            "visibility_timeout": math.ceil(settings.visibility_timeout_s),
            # The throttle multiplies the interval; its default of 10 would let a lost job wait for 50 s more.
            "unacked_restore_interval": _RESTORE_INTERVAL_S,
            "unacked_restore_throttle": 1,
        },
    }
