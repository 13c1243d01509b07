"""The measurements in order, each on a service in the state it needs: without workers, with one, with two."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from worker.bench.own_service import own_service
from worker.bench.service.in_process import JobProcess
from worker.bench.service.jobs import Jobs
from worker.bench.service.load import open_load, polling_rate
from worker.bench.service.memory import upload_memory
from worker.bench.service.overhead import measure_pair, overhead_figures
from worker.bench.service.report import Figure, percentile
from worker.bench.service.scaling import scaling_figures, scaling_turn
from worker.bench.service.workload import job_body, large_body, render_frame

OnPart = Callable[[str], None]
_THREADS: Final = 1
_MIB: Final = 2**20
_WARM_UP_JOBS: Final = 6


@dataclass(frozen=True)
class ServiceBenchSettings:
    """How much is measured.

    Attributes:
        load_rate: Uploads a second of the open load.
        load_seconds: How long it lasts; polling lasts as long.
        uploads: Large uploads in flight at the same time.
        upload_mib: Size of each, MiB.
        repeats: Jobs that run alone, each beside a run in process.
        throughput_jobs: Jobs that are timed at a time while more are waiting; an even number.
        turns: How often that is done with one worker and with two.
    """

    load_rate: float = 8.0
    load_seconds: float = 20.0
    uploads: int = 50
    upload_mib: int = 50
    repeats: int = 40
    throughput_jobs: int = 12
    turns: int = 6


def measure(settings: ServiceBenchSettings, on_part: OnPart) -> dict[str, Any]:
    """Start a service on free ports and in a folder of its own, measure, and remove every trace of it.

    Args:
        settings: How much is measured.
        on_part: Told what is measured now.

    Returns:
        `settings`, and `figures`: a list of what `Figure` holds.
    """
    with tempfile.TemporaryDirectory(prefix="semalign-bench-") as folder:
        figures = _Measurement(settings, Path(folder), on_part).run()
    return {"settings": {**asdict(settings), "threads": _THREADS}, "figures": [asdict(figure) for figure in figures]}


class _Measurement:
    def __init__(self, settings: ServiceBenchSettings, folder: Path, on_part: OnPart) -> None:
        self._settings, self._on_part = settings, on_part
        on_part("rendering the frame")
        self._frame = render_frame(folder / "frame")
        self._body = job_body(self._frame)

    def run(self) -> list[Figure]:
        with self._service(workers=0) as jobs:
            figures = [*self._memory(jobs), self._polling(jobs)]
        with self._service(workers=1) as one, JobProcess.start(self._frame, _THREADS) as process:
            figures += self._overhead(one, process)
            figures += self._load(one)
            with self._service(workers=2) as two, JobProcess.start(self._frame, _THREADS) as second:
                figures += self._scaling((one, two), (process, second))
        return figures

    @contextlib.contextmanager
    def _service(self, workers: int) -> Iterator[Jobs]:
        self._on_part(f"starting broker, API and {workers} workers")
        max_points = max(2_000_000, self._settings.upload_mib * _MIB // 16)
        with (
            own_service(workers, threads=_THREADS, max_points=max_points) as service,
            Jobs(service, self._body) as jobs,
        ):
            if workers:
                # A worker answers before torch is loaded: these keep the first one busy until the last takes some, too.
                jobs.many(_WARM_UP_JOBS * workers)
            yield jobs

    def _memory(self, jobs: Jobs) -> list[Figure]:
        count, mib = self._settings.uploads, self._settings.upload_mib
        self._on_part(f"memory with {count} uploads of {mib} MiB in flight")
        body = large_body(self._frame, mib * _MIB)
        memory = asyncio.run(upload_memory(jobs.service.port, jobs.service.api_pid, body, count))
        jobs.delete(list(memory.locations))
        what = f"{count} uploads of {mib} MiB"
        return [
            Figure("API memory, idle", memory.before_mib, "MiB"),
            Figure(f"API memory, {what} in flight", memory.in_flight_mib, "MiB", at_most=250),
            Figure(f"API memory, most until all {what} were answered", memory.peak_mib, "MiB", at_most=250),
        ]

    def _polling(self, jobs: Jobs) -> Figure:
        self._on_part("polling")
        location = jobs.post()
        rate, generator = polling_rate(jobs.service.port, location, seconds=self._settings.load_seconds)
        jobs.delete([location])
        return Figure(f"status polls, asked by {generator}", rate, "1/s", at_least=500)

    def _overhead(self, jobs: Jobs, process: JobProcess) -> list[Figure]:
        count = self._settings.repeats
        pairs = []
        for index in range(count):
            self._on_part(f"job {index + 1} of {count} in the service and in process")
            pairs.append(measure_pair(jobs, process, service_first=index % 2 == 1))
        return overhead_figures(pairs)

    def _load(self, jobs: Jobs) -> list[Figure]:
        rate, seconds = self._settings.load_rate, self._settings.load_seconds
        self._on_part(f"{rate:g} uploads a second for {seconds:g} s")
        busy = jobs.post()
        uploads = asyncio.run(open_load(jobs.service.port, self._body, rate=rate, seconds=seconds))
        jobs.delete([busy, *(upload.location for upload in uploads)])
        latencies = [upload.seconds * 1e3 for upload in uploads]
        what = f"POST /calibrate, {len(self._body.content) / 1e6:.1f} MB, {rate:g}/s, worker busy"
        return [
            Figure(f"{what}: p50", percentile(latencies, 50), "ms"),
            Figure(f"{what}: p95", percentile(latencies, 95), "ms", at_most=250),
        ]

    def _scaling(self, services: tuple[Jobs, Jobs], processes: tuple[JobProcess, JobProcess]) -> list[Figure]:
        count, turns = self._settings.throughput_jobs, self._settings.turns
        measured = []
        for turn in range(1, turns + 1):
            self._on_part(f"{count} jobs while more are waiting, with one worker and with two, turn {turn} of {turns}")
            measured.append(scaling_turn(services, processes, count, two_first=turn % 2 == 0))
        return scaling_figures(measured)
