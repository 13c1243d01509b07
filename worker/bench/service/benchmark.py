"""The measurements in order, each on a service in the state it needs: without workers, with one, with two."""

from __future__ import annotations

import asyncio
import shutil
import socket
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import redis

from worker.bench.service.in_process import in_process_seconds
from worker.bench.service.jobs import Jobs, JobTimes, Throughput
from worker.bench.service.load import HOST, open_load, polling_rate
from worker.bench.service.memory import upload_memory
from worker.bench.service.report import Figure, percentile
from worker.bench.service.workload import job_body, large_body, render_frame
from worker.jobs.store import connect
from worker.local_stack import LocalStack
from worker.settings import Settings

OnPart = Callable[[str], None]
_THREADS: Final = 1
_MIB: Final = 2**20
_WARM_UP_JOBS: Final = 6
# In turns: other work on the machine, or a processor that slows down, is not to count for one side only.
_TURNS: Final = 3


@dataclass(frozen=True)
class ServiceBenchSettings:
    """How much is measured.

    Attributes:
        load_rate: Uploads a second of the open load.
        load_seconds: How long it lasts; polling lasts as long.
        uploads: Large uploads in flight at the same time.
        upload_mib: Size of each, MiB.
        repeats: Jobs that run alone, and runs in process.
        throughput_jobs: Jobs that are timed while more are waiting, with one worker and with two; an even number.
    """

    load_rate: float = 8.0
    load_seconds: float = 20.0
    uploads: int = 50
    upload_mib: int = 50
    repeats: int = 10
    throughput_jobs: int = 24


def measure(settings: ServiceBenchSettings, on_part: OnPart) -> dict[str, Any]:
    """Start a service on free ports and in a folder of its own, measure, and remove every trace of it.

    Args:
        settings: How much is measured.
        on_part: Told what is measured now.

    Returns:
        `settings`, and `figures`: a list of what `Figure` holds.
    """
    folder = Path(tempfile.mkdtemp(prefix="semalign-bench-"))
    try:
        figures = _Measurement(settings, folder, on_part).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"settings": {**asdict(settings), "threads": _THREADS}, "figures": [asdict(figure) for figure in figures]}


class _Measurement:
    def __init__(self, settings: ServiceBenchSettings, folder: Path, on_part: OnPart) -> None:
        self._settings, self._folder, self._on_part = settings, folder, on_part
        on_part("rendering the frame")
        self._frame = render_frame(folder / "frame")
        self._body = job_body(self._frame)
        self._port = _free_port()

    def run(self) -> list[Figure]:
        with self._stack(workers=0) as stack:
            figures = [*self._memory(stack.api_pid), self._polling(stack.url)]
        with self._stack(workers=1) as stack:
            jobs = Jobs(stack.url, self._body)
            self._told("warming up", jobs.one_alone)
            figures += self._alone(jobs)
            figures += self._load(jobs)
            one = self._throughput(jobs, "one worker")
            stack.add_worker()
            # It answers before torch is loaded: these keep the first one busy until the second takes some, too.
            self._told("warming up", lambda: jobs.many(_WARM_UP_JOBS, self._broker()))
            figures += _scaling(one, self._throughput(jobs, "two workers"))
            jobs.close()
        return figures

    def _stack(self, workers: int) -> LocalStack:
        self._on_part(f"starting broker, API and {workers} workers")
        # Nothing of a deployment that this machine may be set up for is touched.
        own = Settings(
            data_dir=self._folder / f"data-{workers}",
            broker_url="",
            storage_url="",
            keys_file=None,
            metrics_port=0,
            device="cpu",
            threads=_THREADS,
            max_points=max(2_000_000, self._settings.upload_mib * _MIB // 16),
        )
        chosen = ("data_dir", "storage_url", "keys_file", "metrics_port", "device", "threads", "max_points")
        environment = {f"SEMALIGN_{name.upper()}": str(getattr(own, name) or "") for name in chosen}
        environment |= {"SEMALIGN_LOG_FORMAT": "json", "OMP_NUM_THREADS": str(_THREADS), "OMP_WAIT_POLICY": "passive"}
        own.data_dir.mkdir()
        self._broker_url = own.resolved_broker_url
        log = own.data_dir / "service.log"
        return LocalStack(own, host=HOST, port=self._port, workers=workers, environment=environment, log=log)

    def _memory(self, api_pid: int) -> list[Figure]:
        count, mib = self._settings.uploads, self._settings.upload_mib
        self._on_part(f"memory with {count} uploads of {mib} MiB in flight")
        body = large_body(self._frame, mib * _MIB)
        memory = asyncio.run(upload_memory(self._port, api_pid, body, count))
        jobs = Jobs(f"http://{HOST}:{self._port}", self._body)
        jobs.delete(list(memory.locations))
        jobs.close()
        what = f"{count} uploads of {mib} MiB"
        return [
            Figure("API memory, idle", memory.before_mib, "MiB"),
            Figure(f"API memory, {what} in flight", memory.in_flight_mib, "MiB", at_most=250),
            Figure(f"API memory, most until all {what} were answered", memory.peak_mib, "MiB", at_most=250),
        ]

    def _polling(self, url: str) -> Figure:
        self._on_part("polling")
        jobs = Jobs(url, self._body)
        location = jobs.post()
        rate, generator = polling_rate(self._port, location, seconds=self._settings.load_seconds)
        jobs.delete([location])
        jobs.close()
        return Figure(f"status polls, asked by {generator}", rate, "1/s", at_least=500)

    def _alone(self, jobs: Jobs) -> list[Figure]:
        repeats = -(-self._settings.repeats // _TURNS)
        times: list[JobTimes] = []
        in_process: list[float] = []
        for turn in range(1, _TURNS + 1):
            self._on_part(f"{repeats} jobs alone, turn {turn} of {_TURNS}")
            times += [jobs.one_alone() for _ in range(repeats)]
            self._on_part(f"the same in process, turn {turn} of {_TURNS}")
            in_process += in_process_seconds(self._frame, repeats, _THREADS)
        attempt, computed = statistics.median(each.attempt for each in times), statistics.median(in_process)
        return [
            Figure(
                "upload to start of the attempt, idle, median",
                statistics.median(t.to_start for t in times) * 1e3,
                "ms",
                at_most=100,
            ),
            Figure("job in process, median", computed, "s"),
            Figure("attempt in the service, median", attempt, "s"),
            Figure("added by the service", 100 * (attempt / computed - 1), "%", at_most=5),
        ]

    def _load(self, jobs: Jobs) -> list[Figure]:
        rate, seconds = self._settings.load_rate, self._settings.load_seconds
        self._on_part(f"{rate:g} uploads a second for {seconds:g} s")
        busy = jobs.post()
        uploads = asyncio.run(open_load(self._port, self._body, rate=rate, seconds=seconds))
        jobs.delete([busy, *(upload.location for upload in uploads)])
        latencies = [upload.seconds * 1e3 for upload in uploads]
        what = f"POST /calibrate, {len(self._body.content) / 1e6:.1f} MB, {rate:g}/s, worker busy"
        return [
            Figure(f"{what}: p50", percentile(latencies, 50), "ms"),
            Figure(f"{what}: p95", percentile(latencies, 95), "ms", at_most=250),
        ]

    def _throughput(self, jobs: Jobs, who: str) -> Throughput:
        count = self._settings.throughput_jobs
        self._on_part(f"{count} jobs while more are waiting, {who}")
        return jobs.many(count, self._broker())

    def _broker(self) -> redis.Redis:
        return connect(self._broker_url, timeout_s=5)

    def _told(self, part: str, work: Callable[[], Any]) -> Any:
        self._on_part(part)
        return work()


def _scaling(one: Throughput, two: Throughput) -> list[Figure]:
    return [
        Figure("jobs an hour, one worker", one.an_hour, "1/h"),
        Figure("jobs an hour, two workers", two.an_hour, "1/h"),
        Figure("two workers over one", two.an_hour / one.an_hour, "x", at_least=1.8),
        Figure("broker commands a job", one.broker_commands_per_job, ""),
        Figure("broker traffic a job", one.broker_kib_per_job, "KiB"),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
