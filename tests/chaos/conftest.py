"""A fleet to break: broker, API and several workers as real processes, on this machine."""

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from ports import free_port

from worker import child_process
from worker.broker import start_broker
from worker.child_process import Child
from worker.jobs.record import JobRecord
from worker.jobs.store import JobStore, connect
from worker.settings import Settings
from worker.storage import BlobStore, open_storage

_STOP_PATIENCE_S = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice between minutes and seconds."""
    parser.addoption("--chaos-long", action="store_true", help="500 jobs and 38 faults in place of a few")


@dataclass(frozen=True)
class Dose:
    """How much is done to whom.

    `pause_s` bounds the time between two faults, `work_s` that of a job.
    """

    jobs: int
    workers: int
    worker_kills: int
    broker_kills: int
    worker_stops: int
    api_restarts: int
    pause_s: tuple[float, float]
    work_s: tuple[float, float]


SHORT = Dose(25, 2, 3, 2, 1, 1, pause_s=(0.5, 2), work_s=(0.2, 1))
LONG = Dose(500, 3, 20, 10, 5, 3, pause_s=(2, 7), work_s=(0.2, 2))


@pytest.fixture
def dose(request: pytest.FixtureRequest) -> Dose:
    """Return how much there is to be."""
    return LONG if request.config.getoption("--chaos-long", default=False) else SHORT


@dataclass
class Fleet:
    """The processes, each of which can be killed at any moment, and what they keep their jobs in."""

    settings: Settings
    stand_in_folder: Path
    size: int
    dice: random.Random
    broker: Child = field(init=False)
    api: Child = field(init=False)
    workers: list[Child] = field(init=False)

    def __post_init__(self) -> None:
        """Start everything."""
        self._environment = {
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(self.stand_in_folder)]),
            "REMAP_SIGTERM": "SIGQUIT",
            "SEMALIGN_BROKER_URL": self.settings.resolved_broker_url,
            **{
                f"SEMALIGN_{name.upper()}": str(value)
                for name, value in self.settings.model_dump(exclude_defaults=True).items()
            },
        }
        self._stopping: dict[int, float] = {}
        self.port = free_port()
        self.broker = start_broker(self.settings)
        self.api = self._start_api()
        self.workers = [self._start_worker(slot) for slot in range(self.size)]
        self.jobs = JobStore(connect(self.settings.resolved_broker_url, timeout_s=5, patience_s=60))
        self.blobs: BlobStore = open_storage(self.settings)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)

    @property
    def worker_log(self) -> Path:
        """Return the file that all workers log to."""
        return self.settings.data_dir / "workers.log"

    def kill_worker(self) -> None:
        """SIGKILL to the whole of a worker, to its supervisor alone, or to the process that computes."""
        worker = self._some_worker()
        children = _children(worker.pid)
        victims = self.dice.choice([[worker.pid, *children], [worker.pid], children])
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop_worker(self) -> None:
        """SIGTERM; who takes too long to follow it is killed, as an orchestrator does."""
        worker = self._some_worker()
        os.kill(worker.pid, signal.SIGTERM)
        self._stopping[worker.pid] = time.monotonic() + _STOP_PATIENCE_S

    def kill_broker(self) -> None:
        """SIGKILL, a moment of nothing, and a new one on the same file."""
        self.broker.kill()
        time.sleep(self.dice.uniform(0, 1.5))
        self.broker = start_broker(self.settings)

    def restart_api(self) -> None:
        """SIGTERM, and a new one."""
        self.api.stop(_STOP_PATIENCE_S)
        self.api = self._start_api()

    def revive(self) -> None:
        """Start a new worker for each one that is gone."""
        for slot, worker in enumerate(self.workers):
            if worker.is_alive and time.monotonic() > self._stopping.get(worker.pid, float("inf")):
                worker.kill()
            if not worker.is_alive:
                worker.kill()  # reap it
                self.workers[slot] = self._start_worker(slot)

    def stop(self) -> None:
        """Stop everything."""
        self.http.close()
        for process in (*self.workers, self.api, self.broker):
            process.kill()

    def records(self) -> dict[str, JobRecord]:
        """Return every job there is."""
        client = connect(self.settings.resolved_broker_url, timeout_s=20)
        ids = [str(key).rpartition(":")[2] for key in client.scan_iter("semalign:job:*", count=1000)]
        return {job_id: record for job_id in ids if (record := self.jobs.get(job_id)) is not None}

    def _some_worker(self) -> Child:
        """Return a worker that has a job, if there is one."""
        records = [self.jobs.get(job_id) for job_id in self.jobs.leased_jobs()]
        names = {record.worker.partition("@")[0] for record in records if record is not None}
        busy = [worker for slot, worker in enumerate(self.workers) if f"worker-{slot}" in names and worker.is_alive]
        return self.dice.choice(busy or [worker for worker in self.workers if worker.is_alive] or self.workers)

    def _start_api(self) -> Child:
        command = [sys.executable, "-m", "service.cli.serve", "--port", str(self.port)]
        return child_process.start(command, environment=self._environment, log=self.settings.data_dir / "api.log")

    def _start_worker(self, slot: int) -> Child:
        options = ["--concurrency", "1", "--hostname", f"worker-{slot}@%h", "--without-mingle", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker", *options]
        return child_process.start(command, environment=self._environment, log=self.worker_log)


@pytest.fixture
def fleet(tmp_path: Path, stand_in_folder: Path, dose: Dose) -> Iterator[Fleet]:
    """Run a fleet for one test."""
    settings = Settings(
        data_dir=tmp_path,
        broker_url="",
        pipeline="stand_in_pipeline",
        log_format="json",
        threads=1,
        lease_s=5,
        reconcile_interval_s=1,
        shutdown_grace_s=1,
        rate_per_key="100000/minute",
        # Faults hit at random: that one job is hit three times is no fault of the job, and not what is asked here.
        max_deliveries=20,
    )
    fleet = Fleet(settings, stand_in_folder, dose.workers, random.Random(0))
    try:
        yield fleet
    finally:
        fleet.stop()


def _children(pid: int) -> list[int]:
    """Return the processes that compute for a worker; the one that tracks its semaphores is none of them."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [child for child in children if b"semaphore_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []
