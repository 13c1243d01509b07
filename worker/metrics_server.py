"""A worker's numbers over HTTP, for Prometheus to fetch: served by its first process, counted by those that compute."""

import atexit
import os
import shutil
import tempfile
from typing import Any, Final

import structlog
from celery import signals
from celery.exceptions import TimeLimitExceeded
from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from worker.settings import Settings

# prometheus_client looks for it when it is loaded, which the processes that compute do after this one.
_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


class WorkerMetrics:
    """The numbers of a whole worker: its own, and those of the processes that it starts."""

    def __init__(self, settings: Settings) -> None:
        """Make the folder of the numbers; processes started from now on write to it."""
        self._settings = settings
        self._registry = CollectorRegistry()
        self._lost = Counter(
            "semalign_processes_lost",
            "Processes that were killed under a job: by the hard time limit, or otherwise.",
            ["reason"],
            registry=self._registry,
        )
        self._folder = tempfile.mkdtemp(prefix="semalign-metrics-")
        os.environ[_FOLDER_VARIABLE] = self._folder
        MultiProcessCollector(self._registry, path=self._folder)  # type: ignore[no-untyped-call]

    def watch(self, task: Any) -> None:
        """Serve, and count what Celery says of the processes that work on `task`, until the worker ends."""
        self.serve()
        signals.task_failure.connect(self._on_failure, sender=task, weak=False)
        # Celery's signal of a worker's end is not sent where that hands its job back.
        atexit.register(self.close)

    def serve(self) -> None:
        """Answer on the port of the settings, from a thread; a port in use costs the numbers, not the worker."""
        address, port = self._settings.metrics_host, self._settings.metrics_port
        log = structlog.get_logger(__name__)
        try:
            start_http_server(port, address, self._registry)
        except OSError as error:
            log.warning("metrics not served: set SEMALIGN_METRICS_PORT to a free port", port=port, error=str(error))
        else:
            log.info("metrics served", address=address, port=port)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _on_failure(self, *, exception: BaseException, **_: Any) -> None:
        self._lost.labels("time limit" if isinstance(exception, TimeLimitExceeded) else "killed").inc()
