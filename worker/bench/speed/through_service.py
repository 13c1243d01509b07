"""One frame through the whole service, from `POST` to its result, with a warm worker; and that worker's memory."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
from dataclasses import dataclass
from pathlib import Path

from worker.bench.own_service import own_service
from worker.bench.service.jobs import Jobs
from worker.bench.service.memory import peak_mib
from worker.bench.service.workload import Body, encoded, job_body, job_start
from worker.bench.speed.source import FrameSource
from worker.inputs.frame_folder import FrameFolder


@dataclass(frozen=True)
class ThroughService:
    """What the caller waits for.

    Attributes:
        seconds: of each job, from the first byte of the upload until the result was there.
        worker_peak_mib: the most memory of the process that computes.
        with_networks: whether the worker segmented; else the labels were uploaded.
    """

    seconds: tuple[float, ...]
    worker_peak_mib: float
    with_networks: bool

    @property
    def median(self) -> float:
        """Return the median, seconds."""
        return statistics.median(self.seconds)


def measure_through_service(source: FrameSource, device: str, threads: int, rounds: int) -> ThroughService:
    """Start a service of its own, calibrate one frame some times, and remove it.

    Raises:
        BrokerError, StackError: the service did not start.
        RuntimeError: a job failed.
    """
    body, with_networks = _body(FrameFolder(source.folders[0]), source)
    with own_service(workers=1, threads=threads, device=device) as service, Jobs(service, body) as jobs:
        jobs.one_alone()
        times = [jobs.one_alone() for _ in range(rounds)]
        # Broker and API are small: the largest process of the service is the one that computes.
        largest = max(peak_mib(pid) for pid in _descendants(os.getpid()))
    return ThroughService(tuple(each.to_start + each.attempt for each in times), largest, with_networks)


def _body(folder: FrameFolder, source: FrameSource) -> tuple[Body, bool]:
    """Return the upload of one frame, and whether the worker has to segment it: labels go along where there are any."""
    if source.labels is not None and (folder.path / "image_classes.json").is_file():
        return job_body(folder), False
    request = {
        "camera": folder.camera.model_dump(),
        "initial": job_start(folder),
        "image_model": source.image_model,
        "cloud_model": source.cloud_model,
    }
    files = {"image": folder.image_path, "point_cloud": folder.path / "cloud.bin"}
    parts = [(part, (path.name, path.read_bytes())) for part, path in files.items()]
    return encoded([*parts, ("request", (None, json.dumps(request).encode()))]), True


def _descendants(ancestor: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name, in parentheses, may hold anything; state and parent follow it.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, ahead = [], children.get(ancestor, [])
    while ahead:
        found += ahead
        ahead = [child for parent in ahead for child in children.get(parent, [])]
    return found
