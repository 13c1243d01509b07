"""Peak memory of each way and job, in a process of its own, so that none counts what another left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from worker.bench.accuracy import Disturbance
from worker.bench.service.memory import peak_mib
from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE, Case, loss_and_gradient
from worker.bench.speed.comparison import EVALUATION
from worker.bench.speed.jobs import (
    FRAMES_OF_JOINT_JOB,
    NETWORKS,
    PAPER,
    ROBUST,
    ROBUST_JOINT,
    calibrations,
    networks,
)
from worker.bench.speed.processes import in_process_of_its_own
from worker.bench.speed.source import FrameSource

NOTHING: Final = "the program with a frame, nothing computed"
_OF_EVALUATION: Final = {f"{EVALUATION}, {way}": way for way in (PAIRWISE, KD_TREE, FIELD)}


PARTS: Final = (NOTHING, *_OF_EVALUATION, ROBUST, ROBUST_JOINT, PAPER, NETWORKS)
"""Everything whose memory can be measured; the KD-tree on CPUs only."""


@dataclass(frozen=True)
class Peak:
    """The most memory of a process, MiB: on the machine, and on the device where that is not a CPU."""

    part: str
    mib: float
    device_mib: float | None = None


def measure_peaks(
    parts: Sequence[str], source: FrameSource, device: str, threads: int, on_part: Callable[[str], None]
) -> list[Peak]:
    """Run each part once, one process after the other."""
    peaks = []
    for part in parts:
        on_part(f"memory: {part}")
        peaks.append(in_process_of_its_own(_peak, part, source, device, threads))
    return peaks


def _peak(part: str, source: FrameSource, device: str, threads: int) -> Peak:
    torch.set_num_threads(threads)
    if part == NETWORKS:
        run, _ = networks(source, device)
        run(0)
        return _so_far(part, device)
    frames = source.load(FRAMES_OF_JOINT_JOB if part == ROBUST_JOINT else 1)
    case = Case.of(frames, Disturbance(10, 0), 1, device, threads)
    if part in _OF_EVALUATION:
        loss_and_gradient(case.loss(_OF_EVALUATION[part]), case.starts.to_vector()[0])
    elif part != NOTHING:
        calibrations(case)[part](0)
    return _so_far(part, device)


def _so_far(part: str, device: str) -> Peak:
    on_device = torch.cuda.max_memory_allocated(device) / 2**20 if torch.device(device).type == "cuda" else None
    return Peak(part, peak_mib(os.getpid()), on_device)


def peak_of(peaks: Sequence[Peak], part: str) -> Peak:
    """Return the peak of one part."""
    return next(peak for peak in peaks if peak.part == part)
