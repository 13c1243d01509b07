"""Choosing settings on some frames and reporting on others, so that no figure is from frames it was tuned on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Errors beyond this (deg) are failures, one as bad as another: the choice must not hang on how wild one of them is.
_FAILURE_DEG = 3.0


@dataclass(frozen=True)
class Half:
    """What was chosen on one half of the frames, and how it did on the other.

    Attributes:
        chosen_on: number of frames the choice was made on.
        setting: what `--set` was given for it; empty for the defaults.
        jobs: records of its jobs on the other frames.
    """

    chosen_on: int
    setting: dict[str, float]
    jobs: list[dict[str, Any]]


def cross_validated(results: Sequence[dict[str, Any]]) -> list[Half]:
    """Choose by every second frame and judge by the others, both ways round.

    The setting of least mean rotation error is chosen, failures counted as 3 degrees. Frames are taken in the order of
    their names; runs of several seeds of one setting are put together.

    Args:
        results: of `bench accuracy`, one frame a job, each setting on the same frames.

    Raises:
        ValueError: a job has several frames, or settings were tried on different ones.
    """
    jobs_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        jobs_of[json.dumps(result["settings"].get("set", {}), sort_keys=True)] += result["jobs"]
    frames = [{_frame(job) for job in jobs} for jobs in jobs_of.values()]
    if any(each != frames[0] for each in frames):
        raise ValueError("settings were tried on different frames: give each the same ones")
    names = sorted(frames[0])
    halves = []
    for half in (names[::2], names[1::2]):
        errors = {setting: _mean_error(jobs, set(half)) for setting, jobs in jobs_of.items()}
        chosen = min(errors, key=errors.__getitem__)
        others = [job for job in jobs_of[chosen] if _frame(job) not in half]
        halves.append(Half(len(half), json.loads(chosen), others))
    return halves


def _frame(job: dict[str, Any]) -> str:
    if len(job["frames"]) != 1:
        raise ValueError("give results of one frame a job: frames of joint ones cannot be told apart")
    name: str = job["frames"][0]
    return name


def _mean_error(jobs: Sequence[dict[str, Any]], frames: set[str]) -> float:
    errors = [min(job["rotation_error_deg"], _FAILURE_DEG) for job in jobs if _frame(job) in frames]
    return float(np.mean(errors))
