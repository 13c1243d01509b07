"""One evaluation from its inputs to its result: segmentation, then a look at the given extrinsic, then the pictures."""

from __future__ import annotations

import math
import time
from typing import Any

from worker.calibration.robust.confidence import Confidence
from worker.calibration.robust.departure import Departure
from worker.calibration.robust.evaluate import evaluate_extrinsic
from worker.calibration.robust.judgement import Evaluation
from worker.calibration.robust.track_evaluation import evaluate_by_tracking
from worker.overlay import overlay_png
from worker.pipeline import OnProgress, PipelineInputs, PipelineOutput, from_core, start
from worker.report import difference_object, extrinsic_object, loss_object
from worker.segmentation import ModelCache
from worker.version import __version__
from worker.view import view_artifacts


def run(inputs: PipelineInputs, models: ModelCache, on_progress: OnProgress) -> PipelineOutput:
    """Segment, evaluate or track, and draw.

    Raises:
        models.ModelError: a network cannot be had.
        ValueError: the frames do not belong to one camera.
    """
    request, job = inputs.request, start(inputs, models, on_progress)

    began = time.perf_counter()
    look = evaluate_by_tracking if request.options.tracking else evaluate_extrinsic
    told = look(job.frames, job.camera, job.given, job.config, lambda p: on_progress(from_core(p)))
    seconds = {"segmentation": job.segmentation_seconds, "evaluation": time.perf_counter() - began}

    poses = {"initial": told.T_cam_lidar}
    if told.estimate_T_cam_lidar is not None:
        poses["final"] = told.estimate_T_cam_lidar
    image, frame = inputs.frames[0].image, job.frames[0]
    return PipelineOutput(
        result=evaluation_object(told)
        | {
            "tracking": request.options.tracking,
            "seconds": {stage: round(value, 4) for stage, value in seconds.items()},
            "models": job.describe_classes(),
            "seed": request.seed,
            "version": __version__,
        },
        overlays={stage: overlay_png(image, frame, job.camera, pose) for stage, pose in poses.items()},
        estimated=True,
        view=view_artifacts(frame, request.camera, job.config.classes, ()),
    )


def evaluation_object(told: Evaluation) -> dict[str, Any]:
    """Write an evaluation as the `result` object of its job."""
    estimate = told.estimate_T_cam_lidar
    return {
        "kind": "evaluation",
        "verdict": str(told.verdict),
        "reasons": list(told.reasons),
        **extrinsic_object(told.T_cam_lidar),
        "alignment_loss": {
            "given": loss_object(told.loss),
            "estimate": None if told.loss_at_estimate is None else loss_object(told.loss_at_estimate),
        },
        "z_score": None if told.comparison is None else told.comparison.z_score,
        "share_beaten": None if told.comparison is None else told.comparison.share_beaten,
        "gain": told.gain,
        "departure": None if told.departure is None else _departure_object(told.departure, told),
        "estimate_T_cam_lidar": None if estimate is None else estimate.tolist(),
        "change": None if estimate is None else difference_object(told.T_cam_lidar, estimate),
        "confidence": None if told.confidence is None else _confidence_object(told.confidence),
    }


def _departure_object(departure: Departure, told: Evaluation) -> dict[str, Any]:
    return {
        "along": dict(departure.along),
        "covariance": departure.covariance.tolist(),
        "xi": departure.xi.tolist(),
        "statistic": departure.statistic(told.test),
        "threshold": told.test.threshold,
        "smallest_visible": {
            name: value if math.isfinite(value) else None
            for name, value in departure.smallest_visible(told.test).items()
        },
    }


def _confidence_object(confidence: Confidence) -> dict[str, Any]:
    return {
        "sigma": dict(confidence.sigma),
        "least_drop": confidence.least_drop,
        "cue_disagreement_deg": confidence.cue_disagreement_deg,
        "score": confidence.score,
    }
