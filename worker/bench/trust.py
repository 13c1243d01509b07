"""Whether verdicts and stated uncertainties hold: measured on job records, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from worker.calibration.robust.confidence import AXES

_WRONG_DEG = 1.0


def trust_summary(jobs: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Summarise what the verdict `high` was worth; None where no job has a verdict.

    Returns:
        The share of jobs judged `high`; of those, the share off by more than 1 degree, the number worse than their
        start, and per direction the share of errors within two stated standard deviations.
    """
    judged = [job for job in jobs if job["verdict"] is not None]
    if not judged:
        return None
    high = [job for job in judged if job["verdict"] == "high"]
    wrong = [job["rotation_error_deg"] > _WRONG_DEG for job in high]
    worse = [job["rotation_error_deg"] > job["initial_rotation_error_deg"] for job in high]
    return {
        "share_high": len(high) / len(judged),
        "share_of_high_over_1_deg": float(np.mean(wrong)) if high else None,
        "high_but_worse_than_start": int(np.sum(worse)),
        "high_within_2_sigma": _coverage(high),
    }


def _coverage(jobs: Sequence[dict[str, Any]]) -> dict[str, float]:
    if not jobs:
        return {}
    errors = np.stack([_direction_errors(job) for job in jobs])
    sigma = np.array([[job["sigma"][name] for name in AXES] for job in jobs])
    within = np.abs(errors) <= 2 * sigma
    return {**dict(zip(AXES, within.mean(0).tolist(), strict=True)), "all": float(within.mean())}


def _direction_errors(job: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Return the error along each direction of xi: turns in degrees, shifts in metres."""
    estimate, truth = np.array(job["estimate_T_cam_lidar"]), np.array(job["true_T_cam_lidar"])
    relative = estimate @ np.linalg.inv(truth)
    return np.concatenate([Rotation.from_matrix(relative[:3, :3]).as_rotvec(degrees=True), relative[:3, 3]])
