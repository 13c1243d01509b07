"""Jobs a minute and core where several processes calibrate at once, and what keeps them from doing more."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from threading import Barrier
from typing import Final

import torch

from worker.bench.accuracy import Disturbance
from worker.bench.speed.case import Case
from worker.bench.speed.jobs import Job
from worker.bench.speed.processes import at_once
from worker.bench.speed.source import FrameSource

# From this share of the time on, a process counts as computing all the time.
_BUSY_SHARE: Final = 0.9
# A job that computes this many times longer beside others shares more than cores with them.
_SLOWDOWN: Final = 1.15
_STARTS: Final = 20


@dataclass(frozen=True)
class JobRun:
    """One job of one process.

    Attributes:
        started: seconds on the machine's clock, which all processes share.
        ended: likewise.
        processor_s: time that the process spent computing, seconds.
    """

    started: float
    ended: float
    processor_s: float


@dataclass(frozen=True)
class Throughput:
    """What processes of one thread each got done side by side.

    Attributes:
        processes: how many there were.
        jobs_per_minute_and_core: of each.
        processor_s_per_job: time computing, seconds, median.
        busy: share of the time that they computed.
    """

    processes: int
    jobs_per_minute_and_core: float
    processor_s_per_job: float
    busy: float


def measure_throughput(source: FrameSource, processes: int, seconds: float) -> Throughput:
    """Let processes calibrate one frame again and again for so long, labels given, all from the same moment on."""
    return summarized(at_once(_jobs, processes, source, seconds))


def summarized(runs: list[list[JobRun]]) -> Throughput:
    """Count the jobs that lie within the time in which every process was at work; parts of jobs count as parts.

    Args:
        runs: the jobs of each process, in their order.
    """
    begin, end = max(each[0].started for each in runs), min(each[-1].ended for each in runs)
    every = [run for each in runs for run in each]
    done = sum(max(0.0, min(run.ended, end) - max(run.started, begin)) / (run.ended - run.started) for run in every)
    busy = statistics.median(run.processor_s / (run.ended - run.started) for run in every)
    per_core = 60 * done / (end - begin) / len(runs)
    return Throughput(len(runs), per_core, statistics.median(run.processor_s for run in every), busy)


def limit(one: Throughput, several: Throughput) -> str:
    """Say what keeps several processes from doing more."""
    slowdown = several.processor_s_per_job / one.processor_s_per_job
    busy = f"{several.busy:.0%} of the time they compute"
    if several.busy < _BUSY_SHARE:
        return f"Waiting: only {busy}, and the cores or something else is taken by others for the rest."
    if slowdown > _SLOWDOWN:
        return (
            f"What cores share, memory and caches: beside others a job computes {slowdown:.2f} times as long; {busy}."
        )
    return f"The cores: {busy}, and a job computes {slowdown:.2f} times as long as alone; more cores, more jobs."


def _jobs(all_ready: Barrier, source: FrameSource, seconds: float) -> list[JobRun]:
    torch.set_num_threads(1)
    case = Case.of(source.load(1), Disturbance(10, 0), _STARTS, "cpu", threads=1)
    run = Job(case, case.config("robust"))
    run(0)
    all_ready.wait()
    runs: list[JobRun] = []
    until = time.monotonic() + seconds
    while not runs or time.monotonic() < until:
        started, computed = time.monotonic(), time.process_time()
        run(len(runs))
        runs.append(JobRun(started, time.monotonic(), time.process_time() - computed))
    return runs
