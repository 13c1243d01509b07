"""The measurements in order, and what they yield."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from models.errors import ModelError
from worker.bench.accuracy import Disturbance
from worker.bench.speed.bounds import inputs_read_once, least_work
from worker.bench.speed.case import FIELD, KD_TREE, Case
from worker.bench.speed.comparison import DESCENT, EVALUATION, SEARCH, Comparison, Extent, compare
from worker.bench.speed.growth import Series, Sizes, measure_growth
from worker.bench.speed.jobs import (
    FRAMES_OF_JOINT_JOB,
    NETWORKS,
    PAPER,
    ROBUST,
    ROBUST_JOINT,
    TRACKING,
    calibrations,
    networks,
    tracking,
)
from worker.bench.speed.machine import Machine
from worker.bench.speed.memory import NOTHING, PARTS, Peak, measure_peaks
from worker.bench.speed.processes import available_cores
from worker.bench.speed.source import FrameSource, repeated
from worker.bench.speed.through_service import ThroughService, measure_through_service
from worker.bench.speed.throughput import Throughput, measure_throughput
from worker.bench.speed.timing import Run, Stopwatch, Timing

OnPart = Callable[[str], None]
_START = Disturbance(rotation_deg=10, translation_m=0)


@dataclass(frozen=True)
class SpeedSettings:
    """What is measured, and how much of it.

    Attributes:
        device: where everything is computed.
        threads: that every way and every job may use.
        extent: of the comparison.
        sizes: of the growth.
        memory: what is run once more in a process of its own.
        rounds: of whole jobs.
        throughput_s: how long processes calibrate side by side, seconds.
        with_service: whether a service is started for the way from upload to result.
    """

    device: str = "cpu"
    threads: int = 1
    extent: Extent = field(default_factory=Extent)
    sizes: Sizes = field(default_factory=Sizes)
    memory: tuple[str, ...] = PARTS
    rounds: int = 7
    throughput_s: float = 5.0
    with_service: bool = True

    @classmethod
    def quick(cls, device: str, threads: int) -> SpeedSettings:
        """Return the least that has every part but the service: to see that it works, not how fast it is."""
        sizes = Sizes((1000,), (20_000,), (50,), (1, 2), rounds=1)
        extent = Extent(2, 1, 100, 20)
        return cls(device, threads, extent, sizes, (NOTHING, ROBUST), 1, throughput_s=0.5, with_service=False)


@dataclass(frozen=True)
class Measured:
    """Everything that was measured.

    Attributes:
        settings: how.
        frames: names of the frames.
        machine: its rates.
        processor: what it is called.
        comparison: the ways to Eq. 1.
        jobs: whole jobs, by name.
        floors: task -> way -> the least seconds possible; jobs have themselves as way.
        growth: over each size.
        peaks: memory.
        service: from upload to result, where a service was started.
        throughput: with one process, and with one a core.
        notes: what was left out, and why.
    """

    settings: SpeedSettings
    frames: tuple[str, ...]
    machine: Machine
    processor: str
    comparison: Comparison
    jobs: Mapping[str, Timing]
    floors: Mapping[str, Mapping[str, float]]
    growth: tuple[Series, ...]
    peaks: tuple[Peak, ...]
    service: ThroughService | None
    throughput: tuple[Throughput, ...]
    notes: tuple[str, ...]


def measure(source: FrameSource, settings: SpeedSettings, on_part: OnPart) -> Measured:
    """Measure everything; threads of torch are set for this process.

    Raises:
        InputError: a frame is broken, or shows no class of the paper.
        BrokerError, StackError, RuntimeError: the service did not start, or a job failed there.
    """
    torch.set_num_threads(settings.threads)
    on_part("reading frames")
    frames = source.load(FRAMES_OF_JOINT_JOB)
    case = Case.of(frames, _START, settings.extent.poses, settings.device, settings.threads)
    return _Measurement(source, case, settings, on_part).run()


@dataclass
class _Measurement:
    source: FrameSource
    case: Case
    settings: SpeedSettings
    on_part: OnPart
    notes: list[str] = field(default_factory=list)

    def run(self) -> Measured:
        settings, one = self.settings, self.case.with_frames(self.case.frames[:1])
        watch = Stopwatch(settings.device)
        self.on_part("measuring memory and arithmetic of the machine")
        machine = Machine.measured(settings.device)
        comparison = compare(one, settings.extent, watch, self.on_part)
        jobs = self._jobs(watch)
        growth = measure_growth(self.case, settings.sizes, watch, self.on_part)
        if len(self.case.frames) < FRAMES_OF_JOINT_JOB:
            self.notes.append(
                f"There are {len(self.case.frames)} frames of one rig; where more are asked for, they repeat."
            )
        return Measured(
            settings=settings,
            frames=tuple(each.frame.name for each in self.case.frames),
            machine=machine,
            processor=_processor(settings.device),
            comparison=comparison,
            jobs=jobs,
            floors=self._floors(machine, one),
            growth=tuple(growth),
            peaks=tuple(self._peaks(with_networks=NETWORKS in jobs)),
            service=self._service(),
            throughput=tuple(self._throughput()),
            notes=tuple(self.notes),
        )

    def _jobs(self, watch: Stopwatch) -> dict[str, Timing]:
        jobs = calibrations(self.case)
        runs: dict[str, Run] = {**jobs, TRACKING: tracking(self.case)}
        try:
            runs[NETWORKS], names = networks(self.source, self.settings.device)
            self.notes.append(f"Networks: {names}.")
            self.on_part("warming up networks")
            runs[NETWORKS](0)
        except ModelError as error:
            del runs[NETWORKS]
            self.notes.append(f"Without the networks: {error}")
        self.on_part("timing whole jobs")
        timings = watch.alternating(runs, self.settings.rounds)
        self.notes += [f"{name}: {each.failures}: no fast ones." for name, each in jobs.items() if each.failures]
        return timings

    def _peaks(self, *, with_networks: bool) -> list[Peak]:
        impossible = {NETWORKS} if not with_networks else set()
        impossible |= {f"{EVALUATION}, {KD_TREE}"} - {f"{EVALUATION}, {way}" for way in self.case.ways}
        parts = [part for part in self.settings.memory if part not in impossible]
        return measure_peaks(parts, self.source, self.settings.device, self.settings.threads, self.on_part)

    def _floors(self, machine: Machine, one: Case) -> dict[str, dict[str, float]]:
        joint = repeated(self.case.frames, FRAMES_OF_JOINT_JOB)
        floors = {
            task: {way: machine.least_seconds(work) for way, work in ways.items()}
            for task, ways in least_work(one, self.settings.extent).items()
        }
        for task, frames in ((ROBUST, one.frames), (ROBUST_JOINT, joint)):
            floors[task] = {task: machine.least_seconds(inputs_read_once(frames))}
        floors[PAPER] = {PAPER: floors[SEARCH][FIELD] + floors[DESCENT][FIELD]}
        return floors

    def _service(self) -> ThroughService | None:
        if not self.settings.with_service:
            return None
        self.on_part("one frame through the service")
        return measure_through_service(self.source, self.settings.device, self.settings.threads, self.settings.rounds)

    def _throughput(self) -> list[Throughput]:
        if self.settings.device != "cpu":
            self.notes.append("Throughput of several processes is measured on CPUs only.")
            return []
        found = []
        for processes in sorted({1, max(2, available_cores())}):
            self.on_part(f"throughput of {processes} processes")
            found.append(measure_throughput(self.source, processes, self.settings.throughput_s))
        return found


def _processor(device: str) -> str:
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{available_cores()} cores of {platform.machine()}, torch {torch.__version__}"
