"""The whole service on this machine: broker, workers and API, each a process of its own."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from worker import child_process
from worker.broker import LocalBroker
from worker.child_process import Child
from worker.dispatch import Dispatcher
from worker.errors import BrokerUnavailable
from worker.settings import Settings

_START_TIMEOUT_S: Final = 180.0  # importing torch from a cold disk takes its time
_API_GRACE_S: Final = 10.0
_KILL_MARGIN_S: Final = 10.0
# A job that kills its worker does so three times; what ends workers more often than this is no job.
_MOST_MENDED: Final = 20


class StackError(RuntimeError):
    """A part of the service did not start, or ended; the message is for the user."""


class LocalStack:
    """Broker, API and workers; entering starts them, leaving stops them in reverse order.

    Args:
        settings: Those of every process.
        host, port: Where the API listens.
        workers: How many workers, each a supervisor with one process that computes. Where they compute on GPUs, the
            first one gets the first GPU that this process sees, and so on; else they share the cores.
        environment: Variables added to those of this process.
        log: File that all of them log to; None leaves it to this process's own output.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        host: str,
        port: int,
        workers: int,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.url = f"http://{host}:{port}"
        self._settings = settings
        self._api_command = [sys.executable, "-m", "service.cli.serve", "--host", host, "--port", str(port)]
        self._planned_workers = workers
        # SIGTERM to a worker then means: hand the running job back after the grace.
        self._environment = {**(environment or {}), "REMAP_SIGTERM": "SIGQUIT"}
        self._log = log
        self._started = contextlib.ExitStack()
        self._broker = LocalBroker(settings)
        self._workers: list[Child] = []
        self._api: Child | None = None
        self._mended = 0

    def __enter__(self) -> Self:
        """Start everything and wait until it takes jobs.

        Raises:
            BrokerError, StackError: Something did not start.
        """
        with contextlib.ExitStack() as started:
            self._started = started
            self._environment["SEMALIGN_BROKER_URL"] = started.enter_context(self._broker).url
            self._api = self._start(self._api_command, {}, _API_GRACE_S)
            for _ in range(self._planned_workers):
                self._start_worker()
            self._wait_until_ready()
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything; a running job has the grace of the settings, then waits for the next start."""
        self._started.close()

    @property
    def api_pid(self) -> int:
        """Process id of the API."""
        assert self._api is not None
        return self._api.pid

    def check(self) -> None:
        """See that all processes live.

        Raises:
            StackError: One has ended.
        """
        self._check_api()
        if self._broker.has_ended:
            raise StackError("The broker has ended: its log is in the data folder.")
        if self._ended_workers():
            raise StackError(f"The worker has ended: {self._where_the_log_is()}.")

    def mend(self) -> list[str]:
        """Start broker and workers again that have ended, as for want of memory; return a sentence for each.

        Raises:
            BrokerError, StackError: The API has ended, the broker does not start, or they end again and again.
        """
        self._check_api()
        sentences = []
        if self._broker.has_ended:
            self._count_mended("The broker ends")
            self._broker.start_again()
            sentences.append("The broker has ended and was started again: its log is in the data folder.")
        for index in self._ended_workers():
            self._count_mended("Workers end")
            self._workers[index] = self._worker(index)
            sentences.append(f"Worker {index} has ended and was started again: {self._where_the_log_is()}.")
        return sentences

    def _count_mended(self, what_ends: str) -> None:
        self._mended += 1
        if self._mended > _MOST_MENDED:
            raise StackError(f"{what_ends} again and again: {self._where_the_log_is()}.")

    def _check_api(self) -> None:
        if self._api is not None and not self._api.is_alive:
            raise StackError(f"The API has ended: {self._where_the_log_is()}.")

    def _ended_workers(self) -> list[int]:
        return [index for index, worker in enumerate(self._workers) if not worker.is_alive]

    def _start_worker(self) -> None:
        self._workers.append(self._worker(len(self._workers)))

    def _worker(self, index: int) -> Child:
        options = ["--hostname", f"semalign-{index}@%h", "--without-mingle", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker", *options]
        grace_s = self._settings.shutdown_grace_s + _KILL_MARGIN_S
        environment = worker_environment(self._settings, index, self._planned_workers)
        return self._start(command, environment, grace_s)

    def _start(self, command: list[str], environment: Mapping[str, str], grace_s: float) -> Child:
        process = child_process.start(command, environment={**self._environment, **environment}, log=self._log)
        self._started.callback(process.stop, grace_s)
        return process

    def _wait_until_ready(self) -> None:
        dispatcher = Dispatcher(self._settings)
        deadline = time.monotonic() + _START_TIMEOUT_S
        try:
            while not (self._api_is_ready() and self._workers_are_ready(dispatcher.workers)):
                self.check()
                if time.monotonic() > deadline:
                    raise StackError(
                        f"The service was not ready after {_START_TIMEOUT_S:.0f} s: {self._where_the_log_is()}."
                    )
                time.sleep(0.2)
        finally:
            dispatcher.close()

    def _api_is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _workers_are_ready(self, ask: Callable[[], list[str]]) -> bool:
        try:
            return not self._workers or len(ask()) >= len(self._workers)
        except BrokerUnavailable:
            return False

    def _where_the_log_is(self) -> str:
        return f"its log is {self._log}" if self._log else "its log is above"


def worker_environment(settings: Settings, index: int, workers: int) -> dict[str, str]:
    """Return what worker number `index` of `workers` is told beside what all are told: its GPU, its cores, its port.

    A worker sees no GPU but its own, so that each of them computes on `cuda`.
    """
    environment = {}
    if settings.device == "cuda":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        gpus = visible.split(",") if visible else [str(each) for each in range(workers)]
        environment["CUDA_VISIBLE_DEVICES"] = gpus[index % len(gpus)]
    if not settings.threads and workers > 1:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        environment["SEMALIGN_THREADS"] = str(max(1, cores // workers))
    if settings.metrics_port:
        environment["SEMALIGN_METRICS_PORT"] = str(settings.metrics_port + index)
    return environment
