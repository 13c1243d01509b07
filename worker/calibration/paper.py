"""The `paper` profile, as one column of named steps that reads like Section III-C."""

from __future__ import annotations

import math

from worker.calibration.initialization import loss_guided_initialization
from worker.calibration.outcome import Outcome
from worker.calibration.problem import MIN_OBJECT_POINTS, Problem
from worker.calibration.progress import OnProgress
from worker.calibration.refinement import refine
from worker.calibration.result import CalibrationResult, SearchRecord
from worker.calibration.view_cone import ViewCone


def calibrate_as_published(problem: Problem, on_progress: OnProgress) -> CalibrationResult:
    """Search random transforms by Eq. 1, then descend with Adam."""
    if (obstacle := _obstacle(problem)) is not None:
        return problem.unchanged(obstacle)

    config = problem.config
    cone = ViewCone.around(problem.start, problem.camera, config.prior)
    loss, nearby = problem.loss.within(cone), [cone.select(points) for points in problem.points]
    initialization = loss_guided_initialization(loss, nearby, problem.start, config, on_progress)
    record = SearchRecord(num_candidates_rejected=initialization.num_rejected)
    if initialization.T_cam_lidar is None:
        return problem.unchanged(Outcome.ALL_CANDIDATES_REJECTED, record)

    refinement = refine(loss, initialization.T_cam_lidar, config, on_progress)
    record = SearchRecord(initialization.num_rejected, tuple(refinement.history_px2))
    if not refinement.is_finite:
        return problem.unchanged(Outcome.NON_FINITE, record)

    result = problem.changed(refinement.T_cam_lidar, record)
    if result.loss_after.num_points < MIN_OBJECT_POINTS:
        return problem.unchanged(Outcome.TOO_FEW_POINTS, record)
    # The loss of a start that the M rule rejects is low for want of points and cannot be compared.
    improved = result.loss_after.total_px2 < result.loss_before.total_px2
    if initialization.initial_is_admissible and not improved:
        return problem.unchanged(Outcome.NOTHING_BETTER, record)
    return result


def _obstacle(problem: Problem) -> Outcome | None:
    """Name what makes the calibration hopeless before it starts."""
    if not problem.sees_points:
        return Outcome.NO_POINT_IN_VIEW
    if not problem.loss.classes:
        return Outcome.NO_COMMON_CLASS
    if problem.loss.num_points < MIN_OBJECT_POINTS:
        return Outcome.TOO_FEW_POINTS
    if not math.isfinite(problem.before.total_px2):
        return Outcome.NON_FINITE
    return None
