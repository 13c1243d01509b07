"""What the API counts, in the terms of Prometheus: requests, and how the queues stand when it is asked."""

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.jobs.record import JobQueue
from worker.jobs.store import JobStore

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_METHODS: Final = ("GET", "POST", "DELETE", "HEAD", "OPTIONS")


class ApiMetrics:
    """The numbers of one API process: of the process itself, and of its requests."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Histogram(
            "semalign_http_request_seconds",
            "From the headers of a request to the end of its answer, by address pattern and status.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request whose answer has ended."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(self, jobs: JobStore) -> bytes:
        """Write the numbers, and how the queues of `jobs` stand now, as Prometheus reads them."""
        queues = CollectorRegistry()
        queues.register(_Queues(jobs))
        return generate_latest(self._registry) + generate_latest(queues)


class RequestMetrics:
    """ASGI middleware that times every request."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it when its answer has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # of an answer that never began

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            # Patterns, not addresses, and known methods: whoever calls must not make up new series.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.answered(method, route, status, time.perf_counter() - started)


class _Queues(Collector):
    """Asks the broker, so that every API process tells the same."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def collect(self) -> Iterator[Metric]:
        """Yield what the broker says, or only that it says nothing."""
        up = GaugeMetricFamily("semalign_broker_up", "Whether the broker answered just now.")
        depth = GaugeMetricFamily("semalign_queue_depth", "Jobs that wait.", labels=["queue"])
        running = GaugeMetricFamily("semalign_jobs_running", "Jobs that a worker has.")
        try:
            for queue in JobQueue:
                depth.add_metric([queue.value], self._jobs.waiting_jobs(queue))
            running.add_metric([], len(self._jobs.leased_jobs()))
        except RedisError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield from (up, depth, running)
