"""How close calibrations come to the known extrinsic, from random wrong starts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from worker.bench.frames import BenchFrame
from worker.bench.trust import trust_summary
from worker.calibration.calibrate import calibrate
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.result import CalibrationResult
from worker.calibration.transforms import RigidTransform

# A start without offset still leaves the camera centre this much room (m): nobody knows it exactly.
MIN_PRIOR_TRANSLATION_M = 0.05


@dataclass(frozen=True)
class Disturbance:
    """How wrong the starts are: uniform roll, pitch, yaw (deg) and offsets of the camera frame (m), each way."""

    rotation_deg: float
    translation_m: float

    def start(self, T_cam_lidar: npt.NDArray[np.float64], seed: int, job: int) -> npt.NDArray[np.float64]:
        """Return the initial extrinsic of job number `job`: E @ true, the camera turned about its own centre."""
        rng = np.random.default_rng([seed, job])
        angles = rng.uniform(-self.rotation_deg, self.rotation_deg, 3)
        offsets = rng.uniform(-self.translation_m, self.translation_m, 3)
        error = np.eye(4)
        error[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        error[:3, 3] = offsets
        return error @ T_cam_lidar

    @property
    def prior(self) -> Prior:
        """Return what the caller of such a job would state."""
        return Prior(self.rotation_deg, max(self.translation_m, MIN_PRIOR_TRANSLATION_M))


@dataclass(frozen=True)
class Grouping:
    """Frames arranged into jobs.

    Attributes:
        jobs: groups of frames of one rig, in order.
        dropped: names of frames that no full group could be made of.
    """

    jobs: tuple[tuple[BenchFrame, ...], ...]
    dropped: tuple[str, ...]


def group_frames(frames: Sequence[BenchFrame], frames_per_job: int) -> Grouping:
    """Cut frames, in their order, into groups of consecutive frames of one rig; incomplete groups are dropped."""
    jobs: list[tuple[BenchFrame, ...]] = []
    dropped: list[str] = []
    group: list[BenchFrame] = []
    for frame in frames:
        if group and not group[0].shares_rig_with(frame):
            dropped += [left.frame.name for left in group]
            group = []
        group.append(frame)
        if len(group) == frames_per_job:
            jobs.append(tuple(group))
            group = []
    dropped += [left.frame.name for left in group]
    return Grouping(tuple(jobs), tuple(dropped))


def run_jobs(
    grouping: Grouping, disturbance: Disturbance, config: CalibrationConfig, seed: int
) -> Iterator[dict[str, Any]]:
    """Calibrate every group from a wrong start and yield its record, in order; a failure is a record too."""
    config = replace(config, prior=disturbance.prior, seed=seed)
    for number, frames in enumerate(grouping.jobs):
        truth = frames[0].T_cam_lidar
        initial = disturbance.start(truth, seed, number)
        started = time.perf_counter()
        result = calibrate(
            [frame.frame for frame in frames], frames[0].camera, RigidTransform.from_matrix(initial), config
        )
        seconds = time.perf_counter() - started
        yield job_record(frames, truth, result, seconds)


def job_record(
    frames: Sequence[BenchFrame], truth: npt.NDArray[np.float64], result: CalibrationResult, seconds: float
) -> dict[str, Any]:
    """Judge one estimate against the known extrinsic."""
    estimate = result.T_cam_lidar
    start_error_deg, _ = pose_error(result.initial_T_cam_lidar, truth)
    rotation_error_deg, center_error_m = pose_error(estimate, truth)
    return {
        "frames": [frame.frame.name for frame in frames],
        "initial_T_cam_lidar": result.initial_T_cam_lidar.tolist(),
        "estimate_T_cam_lidar": estimate.tolist(),
        "true_T_cam_lidar": truth.tolist(),
        "initial_rotation_error_deg": start_error_deg,
        "rotation_error_deg": rotation_error_deg,
        "euler_error_deg": euler_error_deg(estimate, truth),
        "camera_center_error_m": center_error_m,
        "alignment_loss_before": result.loss_before.total_px2,
        "alignment_loss_after": result.loss_after.total_px2,
        "outcome": str(result.outcome),
        "verdict": None if result.verdict is None else str(result.verdict.level),
        "reasons": [] if result.verdict is None else list(result.verdict.reasons),
        "sigma": None if result.confidence is None else dict(result.confidence.sigma),
        "signals": None if result.confidence is None else dict(result.confidence.signals),
        "seconds": {
            "segmentation": sum(frame.segmentation_seconds for frame in frames),
            "calibration": seconds,
        },
    }


def pose_error(estimate: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the angle of R_est R_true^T (deg) and the distance of the camera centres (m)."""
    angle = np.degrees(Rotation.from_matrix(estimate[:3, :3] @ truth[:3, :3].T).magnitude())
    centers = [-matrix[:3, :3].T @ matrix[:3, 3] for matrix in (estimate, truth)]
    return float(angle), float(np.linalg.norm(centers[0] - centers[1]))


def euler_error_deg(estimate: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> float:
    """Return the mean absolute Euler angle (xyz, deg) of R_est R_true^T."""
    relative = Rotation.from_matrix(estimate[:3, :3] @ truth[:3, :3].T)
    return float(np.abs(relative.as_euler("xyz", degrees=True)).mean())


def summarize(jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Summarise the records of all jobs, failed ones included."""
    if not jobs:
        return {"jobs": 0}
    rotation = np.array([job["rotation_error_deg"] for job in jobs])
    start = np.array([job["initial_rotation_error_deg"] for job in jobs])
    return {
        "jobs": len(jobs),
        "rotation_error_deg": _statistics(rotation),
        "euler_error_deg": _statistics(np.array([job["euler_error_deg"] for job in jobs])),
        "camera_center_error_m": _statistics(np.array([job["camera_center_error_m"] for job in jobs])),
        "share_under_1_deg": float((rotation < 1).mean()),
        "share_worse_than_start": float((rotation > start).mean()),
        "outcomes": dict(sorted(Counter(job["outcome"] for job in jobs).items())),
        "trust": trust_summary(jobs),
        "calibration_seconds": _statistics(np.array([job["seconds"]["calibration"] for job in jobs])),
    }


def _statistics(values: npt.NDArray[np.float64]) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "p90": float(np.percentile(values, 90)),
        "max": float(values.max()),
    }


def accuracy(
    frames: Sequence[BenchFrame],
    disturbance: Disturbance,
    config: CalibrationConfig,
    *,
    frames_per_job: int,
    seed: int,
    settings: dict[str, Any],
    on_job: Callable[[dict[str, Any], int], None] = lambda _job, _total: None,
) -> dict[str, Any]:
    """Run the benchmark and return `results.json`: settings, every job in order, and their summary."""
    grouping = group_frames(frames, frames_per_job)
    jobs = []
    for job in run_jobs(grouping, disturbance, config, seed):
        jobs.append(job)
        on_job(job, len(grouping.jobs))
    return {
        "settings": {**settings, "disturbance": asdict(disturbance), "dropped_frames": list(grouping.dropped)},
        "jobs": jobs,
        "summary": summarize(jobs),
    }
