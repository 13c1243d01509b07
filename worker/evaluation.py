"""One evaluation from its inputs to its result: segmentation, then a look at the given extrinsic, then the pictures."""

from __future__ import annotations

import math
import time
from typing import Any

from worker.calibration.robust.confidence import Confidence
from worker.calibration.robust.departure import Departure
from worker.calibration.robust.evaluate import evaluate_extrinsic
from worker.calibration.robust.judgement import Evaluation
from worker.calibration.transforms import RigidTransform
from worker.overlay import overlay_png
from worker.pipeline import (
    OnProgress,
    PipelineInputs,
    PipelineOutput,
    Progress,
    calibration_config,
    camera_of,
    segment,
)
from worker.report import difference_object, extrinsic_object, loss_object
from worker.segmentation import ModelCache, cloud_source, image_source
from worker.version import __version__
from worker.view import view_artifacts


def run(inputs: PipelineInputs, models: ModelCache, on_progress: OnProgress) -> PipelineOutput:
    """Segment, evaluate and draw.

    Raises:
        models.ModelError: a network cannot be had.
        ValueError: the frames do not belong to one camera.
    """
    request = inputs.request
    camera = camera_of(request, inputs.frames)

    started = time.perf_counter()
    image_classes = image_source(request.image_model, request.image_label_map, inputs.frames)
    cloud_classes = cloud_source(request.cloud_model, request.point_label_map, inputs.frames)
    frames = segment(inputs.frames, image_classes, cloud_classes, models, on_progress)
    segmented = time.perf_counter()

    config = calibration_config(request, models.device)
    told = evaluate_extrinsic(
        frames,
        camera,
        RigidTransform.from_matrix(request.initial.matrix()),
        config,
        lambda p: on_progress(Progress(p.stage, p.fraction, p.loss)),
    )
    evaluated = time.perf_counter()

    poses = {"initial": told.T_cam_lidar}
    if told.estimate_T_cam_lidar is not None:
        poses["final"] = told.estimate_T_cam_lidar
    return PipelineOutput(
        result=evaluation_object(told)
        | {
            "seconds": {
                "segmentation": round(segmented - started, 4),
                "evaluation": round(evaluated - segmented, 4),
            },
            "models": {"image": image_classes.describe(), "cloud": cloud_classes.describe()},
            "seed": request.seed,
            "version": __version__,
        },
        overlays={stage: overlay_png(inputs.frames[0].image, frames[0], camera, pose) for stage, pose in poses.items()},
        estimated=True,
        view=view_artifacts(frames[0], request.camera, config.classes, ()),
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
