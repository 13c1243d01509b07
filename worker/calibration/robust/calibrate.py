"""The `robust` profile, as one column of named steps."""

from __future__ import annotations

import math
from dataclasses import replace

from worker.calibration.config import CalibrationConfig
from worker.calibration.outcome import Outcome
from worker.calibration.parallel import for_each
from worker.calibration.problem import MIN_OBJECT_POINTS, Problem
from worker.calibration.progress import OnProgress
from worker.calibration.result import CalibrationResult, SearchRecord
from worker.calibration.robust.confidence import assess
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.estimate import Estimate, estimate, settle
from worker.calibration.robust.frame_weights import contradicting, outvoted, shared_votes
from worker.calibration.robust.verdict import Level, Verdict, is_usable, judge
from worker.calibration.view_cone import ViewCone


def calibrate_robustly(problem: Problem, on_progress: OnProgress) -> CalibrationResult:
    """Search coarse to fine for the pose that explains every cue of all frames, and say how far to trust it."""
    if not problem.sees_points:
        return _rejected(problem, Outcome.NO_POINT_IN_VIEW)
    config = _held(problem.config)
    cone = ViewCone.around(problem.start, problem.camera, config.prior)
    cues = for_each(
        lambda frame: FrameCues.from_frame(frame, problem.camera, cone, config.dtype, config.device), problem.frames
    )
    informative = [index for index, cue in enumerate(cues) if cue.semantic.is_informative]
    if not informative:
        return _rejected(problem, Outcome.NO_COMMON_CLASS)
    if sum(float(cues[index].semantic.membership.sum()) for index in informative) < MIN_OBJECT_POINTS:
        return _rejected(problem, Outcome.TOO_FEW_POINTS)

    cues = [cues[index] for index in informative]
    names = [problem.frames[index].name for index in informative]
    weights = shared_votes([problem.frames[index] for index in informative])
    found = estimate(cues, weights, problem.start, config, on_progress, loss_at=problem.loss_at)
    if not math.isfinite(found.best.at.value):
        return _rejected(problem, Outcome.NON_FINITE)

    odd = contradicting(found, config)
    if odd:
        weights = outvoted(weights, odd)
        found = settle(found, weights)

    record = SearchRecord(
        history=found.best.history,
        contradicting_frames=tuple(names[index] for index in odd),
        frame_weights=tuple(weights),
    )
    return _concluded(problem, found, record)


def _concluded(problem: Problem, found: Estimate, record: SearchRecord) -> CalibrationResult:
    confidence = assess(found)
    if not is_usable(confidence):
        return _rejected(problem, Outcome.NON_FINITE, record)
    if not found.best.at.value > found.value_at(problem.start):
        return _rejected(problem, Outcome.NOTHING_BETTER, record)
    result = problem.changed(found.best.T_cam_lidar, record)
    verdict = judge(confidence)
    remarks = [*_on_loss(result), *_on_frames(record)]
    return replace(result, confidence=confidence, verdict=Verdict(verdict.level, (*verdict.reasons, *remarks)))


def _rejected(problem: Problem, outcome: Outcome, record: SearchRecord | None = None) -> CalibrationResult:
    return replace(problem.unchanged(outcome, record), verdict=Verdict(Level.REJECTED, (outcome.sentence,)))


def _held(config: CalibrationConfig) -> CalibrationConfig:
    """Holding the translation is a prior that leaves it no room."""
    return replace(config, prior=replace(config.prior, translation_m=0.0)) if config.hold_translation else config


def _on_loss(result: CalibrationResult) -> list[str]:
    """Explain a loss that rose."""
    before, after = result.loss_before, result.loss_after
    if not before.per_class or after.total_px2 <= before.total_px2:
        return []
    seen = after.num_points / max(1, before.num_points)
    if seen > 1.1 and math.isfinite(seen):
        return [
            f"The alignment loss of Eq. 1 rose because {seen:.1f} times as many object points are in view as before; "
            "the extrinsic is preferred because all classes, brightness and depth edges together fit better."
        ]
    return [
        "The alignment loss of Eq. 1 is higher than at the initial extrinsic: borders of the masks lean, and Eq. 1 "
        "follows them. The extrinsic is preferred because all classes, brightness and depth edges together fit better."
    ]


def _on_frames(record: SearchRecord) -> list[str]:
    if not record.contradicting_frames:
        return []
    return [
        f"These frames contradict the others and were counted less: {', '.join(record.contradicting_frames)}. Check "
        "that their image and cloud were taken at the same moment."
    ]
