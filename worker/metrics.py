"""What the attempts of a worker count, in the terms of Prometheus.

Jobs are computed in child processes, which come and go; each writes its numbers to files of a folder that the worker's
first process made, and that one adds them up for whoever asks (`worker.metrics_server`).
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from worker.jobs.record import JobRecord

_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0, 600.0)
_WAIT_SECONDS: Final = (0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0)
_RATIOS: Final = (0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 2.0)


class JobMetrics:
    """The numbers of one process that computes jobs."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics.

        Args:
            registry: Where they are looked up; a process of a worker needs none, for its files are read.
        """
        self._wait = Histogram(
            "semalign_job_wait_seconds",
            "From the acceptance of a job to the start of its latest attempt.",
            ["queue"],
            buckets=_WAIT_SECONDS,
            registry=registry,
        )
        self._stage = Histogram(
            "semalign_stage_seconds",
            "Time that a stage of a job took.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._attempt = Histogram(
            "semalign_attempt_seconds",
            "From the start of an attempt to the end of its job.",
            ["queue"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._ended = Counter(
            "semalign_jobs_ended",
            "Jobs that this worker ended, by state and, where they failed, by the type of the error.",
            ["state", "error"],
            registry=registry,
        )
        self._verdicts = Counter(
            "semalign_verdicts", "Results, by how far they are to be trusted.", ["verdict"], registry=registry
        )
        self._loss_ratio = Histogram(
            "semalign_loss_ratio",
            "Alignment loss after a calibration, over that before it.",
            buckets=_RATIOS,
            registry=registry,
        )
        self._gpu_memory = Gauge(
            "semalign_gpu_memory_bytes",
            "Memory of the GPU that this worker holds now, and the most that its tensors ever took.",
            ["kind"],
            multiprocess_mode="mostrecent",
            registry=registry,
        )

    def started(self, record: JobRecord) -> None:
        """Count an attempt that begins."""
        if record.started_at is not None:
            self._wait.labels(record.queue.value).observe(max(0.0, record.started_at - record.created_at))

    def computed(self, result: Mapping[str, Any]) -> None:
        """Count what a pipeline brought out, in the words of the `result` object."""
        for stage, seconds in (result.get("seconds") or {}).items():
            self._stage.labels(stage).observe(seconds)
        self._verdicts.labels(result.get("verdict") or "none").inc()
        ratio = (result.get("alignment_loss") or {}).get("ratio")
        if ratio is not None:
            self._loss_ratio.observe(ratio)
        for kind, size in _gpu_memory():
            self._gpu_memory.labels(kind).set(size)

    def ended(self, record: JobRecord | None) -> None:
        """Count a job that an attempt ended; nothing if its caller deleted it right after."""
        if record is None or record.finished_at is None or record.started_at is None:
            return
        self._ended.labels(record.state.value, record.error.type if record.error else "").inc()
        self._attempt.labels(record.queue.value).observe(max(0.0, record.finished_at - record.started_at))


def _gpu_memory() -> Iterator[tuple[str, int]]:
    """Yield kinds of memory and bytes; nothing where no GPU was used, for to ask would start it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        yield "reserved", torch.cuda.memory_reserved()
        yield "peak", torch.cuda.max_memory_allocated()
