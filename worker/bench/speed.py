"""Seconds and peak memory of a job's parts, each in a process of its own so that none warms or fills another's."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from worker.bench.accuracy import Disturbance
from worker.bench.frames import SegmentationCache, load_bench_frame
from worker.calibration.calibrate import calibrate
from worker.calibration.config import CalibrationConfig, Profile
from worker.calibration.transforms import RigidTransform
from worker.inputs.frame_folder import FrameFolder
from worker.segmentation import InputFrame, with_intensity

_START = Disturbance(rotation_deg=10, translation_m=0)


@dataclass(frozen=True)
class SpeedSettings:
    """What is timed and how.

    Attributes:
        frame: a frame folder.
        image_model: network for the image.
        cloud_model: network for the cloud.
        cache: where segmentations are kept, so that calibrations are timed with their labels given.
        repeats: counted runs, after one that is not.
        threads: threads of torch.
    """

    frame: Path
    image_model: str
    cloud_model: str
    cache: Path
    repeats: int = 5
    threads: int = 2


@dataclass(frozen=True)
class Timing:
    """One row: seconds of every counted run and the process's peak memory, MiB, torch included."""

    part: str
    seconds: tuple[float, ...]
    peak_mib: float

    @property
    def median(self) -> float:
        """Return the median of the runs, seconds."""
        return statistics.median(self.seconds)


def measure(settings: SpeedSettings, on_part: Callable[[str], None] = lambda _part: None) -> list[Timing]:
    """Time both networks together, then each profile with its labels given, one process after the other."""
    timings = []
    for part in ("networks", "robust", "paper"):
        on_part(part)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            timings.append(process.submit(_measure_part, part, settings).result())
    return timings


def results(settings: SpeedSettings, timings: list[Timing]) -> dict[str, Any]:
    """Write settings and timings as JSON."""
    described = {key: value.name if isinstance(value, Path) else value for key, value in asdict(settings).items()}
    return {"settings": described, "parts": [{**asdict(t), "median_seconds": t.median} for t in timings]}


def _measure_part(part: str, settings: SpeedSettings) -> Timing:
    torch.set_num_threads(settings.threads)
    run = _networks(settings) if part == "networks" else _calibration(part, settings)  # type: ignore[arg-type]
    run()
    seconds = []
    for _ in range(settings.repeats):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Timing(part, tuple(seconds), peak_mib)


def _networks(settings: SpeedSettings) -> Callable[[], object]:
    folder = FrameFolder(settings.frame)
    raw = InputFrame(folder.image(), folder.cloud(), name=folder.name)
    models = SegmentationCache(None).models
    image_model, cloud_model = models.image_model(settings.image_model), models.cloud_model(settings.cloud_model)
    points = with_intensity(raw.cloud)
    return lambda: (image_model.segment(raw.image), cloud_model.segment(points))


def _calibration(profile: Profile, settings: SpeedSettings) -> Callable[[], object]:
    frame = load_bench_frame(
        FrameFolder(settings.frame),
        SegmentationCache(settings.cache),
        image_model=settings.image_model,
        cloud_model=settings.cloud_model,
        labels=None,
    )
    initial = RigidTransform.from_matrix(_START.start(frame.T_cam_lidar, 0, 0))
    config = CalibrationConfig(profile=profile, prior=_START.prior)
    return lambda: calibrate([frame.frame], frame.camera, initial, config)
