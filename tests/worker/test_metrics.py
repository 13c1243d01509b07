"""What a worker counts, and how it is fetched: a process that serves and processes that compute."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from worker import child_process
from worker.jobs.record import JobError, JobInputs, JobOrigin, JobQueue, JobRecord, JobState
from worker.metrics import JobMetrics
from worker.metrics_server import WorkerMetrics
from worker.settings import Settings

RESULT = {
    "verdict": "high",
    "seconds": {"segmentation": 0.4, "refinement": 3.0},
    "alignment_loss": {"before": {}, "after": {}, "ratio": 0.25},
}
COUNT_A_JOB = """
from worker.metrics import JobMetrics
JobMetrics().computed({"verdict": "low", "alignment_loss": {"ratio": None}})
"""


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


@pytest.fixture
def record() -> JobRecord:
    """Return the record of a job that waited for 7 s."""
    return JobRecord(
        id="a-job",
        state=JobState.RUNNING,
        stage="",
        progress=0.0,
        loss=None,
        token=1,
        deliveries=1,
        worker="w",
        created_at=100.0,
        started_at=107.0,
        finished_at=None,
        inputs=JobInputs("request.json", ()),
        artifacts=None,
        error=None,
        origin=JobOrigin(queue=JobQueue.BATCH),
    )


def test_an_attempt_is_counted_from_its_wait_to_its_verdict(record: JobRecord) -> None:
    """Wait, stages, outcome, verdict and loss ratio each have their metric."""
    registry = CollectorRegistry()
    metrics = JobMetrics(registry)
    metrics.started(record)
    metrics.computed(RESULT)
    metrics.ended(replace(record, state=JobState.SUCCEEDED, finished_at=110.5))
    metrics.ended(replace(record, state=JobState.FAILED, finished_at=107.0, error=JobError("too-few-points", "")))
    assert sample(registry, "semalign_job_wait_seconds_sum", queue="batch") == 7
    assert sample(registry, "semalign_stage_seconds_sum", stage="refinement") == 3
    assert sample(registry, "semalign_jobs_ended_total", state="succeeded", error="") == 1
    assert sample(registry, "semalign_verdicts_total", verdict="high") == 1
    assert sample(registry, "semalign_loss_ratio_sum") == 0.25
    assert sample(registry, "semalign_jobs_ended_total", state="failed", error="too-few-points") == 1
    assert sample(registry, "semalign_attempt_seconds_sum", queue="batch") == 3.5


def test_a_result_without_verdict_or_loss_is_counted_all_the_same() -> None:
    """The paper's profile judges nothing, and where nothing was in view there is no ratio."""
    registry = CollectorRegistry()
    JobMetrics(registry).computed({"verdict": None, "alignment_loss": {"ratio": None}})
    assert sample(registry, "semalign_verdicts_total", verdict="none") == 1
    assert sample(registry, "semalign_loss_ratio_count") == 0


@pytest.fixture
def port() -> int:
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_worker_tells_what_its_processes_counted_even_after_their_end(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes count a job each and end; the one that serves adds them up."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # restored at the end
    metrics = WorkerMetrics(Settings(metrics_port=port))
    metrics.serve()
    for _ in range(2):
        subprocess.run([sys.executable, "-c", COUNT_A_JOB], check=True)
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert 'semalign_verdicts_total{verdict="low"} 2.0' in text
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert list(folder.iterdir())
    metrics.close()
    assert not folder.exists()


def test_a_worker_that_stops_leaves_no_file(
    broker_settings: Settings, stand_in_folder: Path, port: int, tmp_path: Path
) -> None:
    """Stopped as an orchestrator stops it, it ends another way than by itself."""
    environment = {
        "SEMALIGN_BROKER_URL": broker_settings.resolved_broker_url,
        "SEMALIGN_DATA_DIR": str(tmp_path),
        "SEMALIGN_METRICS_PORT": str(port),
        "SEMALIGN_PIPELINE": "stand_in_pipeline",
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(stand_in_folder)]),
        "REMAP_SIGTERM": "SIGQUIT",
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker", "--without-mingle"]
    worker = child_process.start(command, environment=environment, log=tmp_path / "log")
    deadline = time.monotonic() + 60
    while " ready." not in (tmp_path / "log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert list(tmp_path.glob("semalign-metrics-*"))
    worker.stop(30)
    assert not list(tmp_path.glob("semalign-metrics-*"))


def test_a_port_in_use_costs_no_worker(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second worker on a machine works, though its numbers are not served."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        metrics = WorkerMetrics(Settings(metrics_port=port))
        metrics.serve()
        metrics.close()


def test_every_metric_is_in_the_operators_page() -> None:
    """Whoever is to watch the service finds what there is to watch."""
    registry = CollectorRegistry()
    JobMetrics(registry)
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    names = {metric.name for metric in registry.collect()}
    assert len(names) == 7
    assert [name for name in names if name not in page] == []
