"""The table by which speed is judged: each case with what is required, what is hoped for, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator

from worker.bench.speed.benchmark import Measured
from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE
from worker.bench.speed.comparison import EVALUATION
from worker.bench.speed.growth import CANDIDATES, FIELD_BUILD, ROBUST_JOB
from worker.bench.speed.jobs import NETWORKS, PAPER, ROBUST, ROBUST_JOINT, TRACKING
from worker.bench.speed.memory import peak_of
from worker.bench.speed.rows import TIMES, Row
from worker.bench.speed.throughput import limit
from worker.bench.speed.timing import median_ratio

# Required and hoped for: on two cores and a frame of KITTI.
_RATIOS = {PAIRWISE: (400.0, 1000.0), KD_TREE: (20.0, 60.0)}
_SECONDS = {
    PAPER: (4.0, 1.0),
    ROBUST: (0.6, 0.2),
    ROBUST_JOINT: (2.5, 0.6),
    NETWORKS: (0.8, 0.4),
    TRACKING: (0.08, 0.02),
}
_SERVICE_S = (2.0, 0.8)
_EXPONENT = (1.05, 1.0)
_WORKER_MIB = (1200.0, 800.0)


def rows(measured: Measured) -> list[Row]:
    """Return the rows in order; those that could not be measured are left out, and the notes say why."""
    return [
        *_agreement(measured),
        *_ratios(measured),
        *_jobs(measured),
        *_service(measured),
        *_exponents(measured),
        *_throughput(measured),
    ]


def _agreement(measured: Measured) -> Iterator[Row]:
    for way, agreement in measured.comparison.agreement.items():
        name = f"loss by {way}, difference from {PAIRWISE}, most of all poses"
        note = f"gradient: {100 * agreement.gradient:.2g} %"
        yield Row(name, 100 * agreement.loss, "%", required=100 * agreement.tolerance, note=note)


def _ratios(measured: Measured) -> Iterator[Row]:
    timings = measured.comparison.timings
    for task, ways in timings.items():
        for way in (way for way in ways if way != FIELD):
            required, goal = _RATIOS[way] if task == EVALUATION else (None, None)
            note = "the slow one extrapolated" if ways[way].is_extrapolated else ""
            ratio = median_ratio(ways[way], ways[FIELD])
            yield Row(f"{task}: {FIELD} against {way}", ratio, TIMES, required, goal, at_least=True, note=note)


def _jobs(measured: Measured) -> Iterator[Row]:
    for name, timing in measured.jobs.items():
        note = "" if name == NETWORKS else "labels given"
        if name == TRACKING:
            required, goal = _SECONDS[name]
            yield Row(name, 1e3 * timing.median, "ms", 1e3 * required, 1e3 * goal, note=note)
        else:
            yield Row(name, timing.median, "s", *_SECONDS[name], note=note)


def _service(measured: Measured) -> Iterator[Row]:
    if (service := measured.service) is not None:
        how = "networks in the worker" if service.with_networks else "labels uploaded"
        yield Row("`POST` to result, one frame, warm worker", service.median, "s", *_SERVICE_S, note=how)
        yield Row("worker's peak memory, robust job", service.worker_peak_mib, "MiB", *_WORKER_MIB, note=how)
    else:
        peak = peak_of(measured.peaks, ROBUST)
        yield Row("peak memory, robust job", peak.mib, "MiB", *_WORKER_MIB, note="labels given, without the service")


def _exponents(measured: Measured) -> Iterator[Row]:
    for series in measured.growth:
        judged = series.size != CANDIDATES and (FIELD in series.task or series.task in (ROBUST_JOB, FIELD_BUILD))
        required, goal = _EXPONENT if judged else (None, None)
        if series.exponent is not None and series.last_exponent is not None:
            note = f"between the two largest: {series.last_exponent:.2f}"
            yield Row(f"exponent in {series.size}: {series.task}", series.exponent, "", required, goal, note=note)


def _throughput(measured: Measured) -> Iterator[Row]:
    for each in measured.throughput:
        plural = "es" if each.processes > 1 else ""
        note = f"{each.processor_s_per_job:.3f} s of computing a job, {each.busy:.0%} of the time"
        if each.processes > 1:
            note = f"{note}. {limit(measured.throughput[0], each)}"
        name = f"robust jobs a minute and core, {each.processes} process{plural} of one thread"
        yield Row(name, each.jobs_per_minute_and_core, "1/min", note=note)
