"""The `result` object of a finished job, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from worker.calibration.result import AlignmentLoss, CalibrationResult
from worker.calibration.transforms import RigidTransform, quaternion_wxyz_from_rotation, rotation_angle_rad


def result_object(
    result: CalibrationResult,
    *,
    seconds: Mapping[str, float],
    models: Mapping[str, Any],
    seed: int,
    version: str,
    dropped_points: int,
) -> dict[str, Any]:
    """Write a calibration as the object that `GET /jobs/{id}` and `--output` carry.

    Args:
        result: what the calibration returned.
        seconds: time spent per stage.
        models: where the classes of each modality came from.
        seed: the seed of the search.
        version: the version of semalign.
        dropped_points: points of the clouds that were no measurement.
    """
    return {
        "outcome": str(result.outcome),
        "message": result.message,
        **extrinsic_object(result.T_cam_lidar),
        "initial_T_cam_lidar": result.initial_T_cam_lidar.tolist(),
        "change": difference_object(result.initial_T_cam_lidar, result.T_cam_lidar),
        "alignment_loss": {
            "before": loss_object(result.loss_before),
            "after": loss_object(result.loss_after),
            "ratio": _ratio(result),
        },
        **confidence_object(result),
        "candidates_rejected": result.record.num_candidates_rejected,
        "dropped_points": dropped_points,
        "seconds": {stage: round(value, 4) for stage, value in seconds.items()},
        "models": dict(models),
        "seed": seed,
        "version": version,
    }


def confidence_object(result: CalibrationResult) -> dict[str, Any]:
    """Write the verdict with its reasons and the raw numbers beside it; nulls where a profile gives none."""
    verdict, confidence, record = result.verdict, result.confidence, result.record
    if verdict is None:
        return {"verdict": None, "reasons": [], "confidence": None}
    if confidence is None:
        return {"verdict": str(verdict.level), "reasons": list(verdict.reasons), "confidence": None}
    return {
        "verdict": str(verdict.level),
        "reasons": list(verdict.reasons),
        "confidence": {
            "sigma": {name: round(value, 5) for name, value in confidence.sigma.items()},
            "observed": dict(confidence.observed),
            "covariance": confidence.covariance.tolist(),
            "score": confidence.score,
            **confidence.signals,
            "frame_weights": list(record.frame_weights),
            "contradicting_frames": list(record.contradicting_frames),
        },
    }


def extrinsic_object(T_cam_lidar: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Write one extrinsic (4, 4) in every form people ask for."""
    transform = RigidTransform.from_matrix(T_cam_lidar)
    return {
        "T_cam_lidar": T_cam_lidar.tolist(),
        "quaternion_wxyz": quaternion_wxyz_from_rotation(transform.rotation).tolist(),
        "translation_m": transform.translation.tolist(),
        "axis_angle_rad": transform.to_vector()[:3].tolist(),
        "camera_center_lidar_m": transform.center().tolist(),
    }


def difference_object(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> dict[str, float]:
    """Say how far two extrinsics T_cam_lidar lie apart: rotation angle and distance of the camera centres."""
    first, second = RigidTransform.from_matrix(a), RigidTransform.from_matrix(b)
    angle = rotation_angle_rad(second.rotation @ first.rotation.mT)
    return {
        "rotation_deg": float(torch.rad2deg(angle)),
        "camera_center_m": float((second.center() - first.center()).norm()),
    }


def loss_object(loss: AlignmentLoss) -> dict[str, Any]:
    """Write Eq. 1 at one extrinsic."""
    return {
        "total_px2": loss.total_px2,
        # Without a point there is no distance, and 0 would read as perfect.
        "mean_distance_px": loss.mean_distance_px if loss.num_points else None,
        "per_class": {name: {"px2": part.px2, "points": part.points} for name, part in loss.per_class.items()},
    }


def _ratio(result: CalibrationResult) -> float | None:
    """Return loss after / before, or None where there was nothing to improve, or where nothing that counts is left."""
    before, after = result.loss_before.total_px2, result.loss_after
    return after.total_px2 / before if before > 0 and after.num_points else None
