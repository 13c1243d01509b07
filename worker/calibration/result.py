"""What a calibration returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from worker.calibration.loss import ClassLosses
from worker.calibration.outcome import Outcome
from worker.calibration.robust.confidence import Confidence
from worker.calibration.robust.verdict import Verdict


@dataclass(frozen=True)
class ClassLoss:
    """Eq. 1 of one class: the sum of squared distances (px^2) over its points in view."""

    px2: float
    points: int


@dataclass(frozen=True)
class AlignmentLoss:
    """Eq. 1 at one extrinsic.

    Attributes:
        total_px2: sum over classes, px^2.
        mean_distance_px: mean distance of a point in view to its class, px; 0 where no point is in view.
        per_class: the parts.
    """

    total_px2: float
    mean_distance_px: float
    per_class: Mapping[str, ClassLoss]

    @classmethod
    def from_losses(cls, losses: ClassLosses, classes: tuple[str, ...]) -> AlignmentLoss:
        """Read a batch of one."""
        px2, points = losses.px2[0].tolist(), losses.points[0].int().tolist()
        per_class = {name: ClassLoss(*values) for name, *values in zip(classes, px2, points, strict=True)}
        return cls(sum(px2), float(losses.distance_px[0].sum()) / max(1, sum(points)), per_class)

    @property
    def num_points(self) -> int:
        """Return how many points of the aligned classes are in view."""
        return sum(part.points for part in self.per_class.values())


@dataclass(frozen=True)
class SearchRecord:
    """What happened on the way.

    Attributes:
        num_candidates_rejected: candidates of the initialization that the M rule rejected (`paper`).
        history: the refinement's objective after every step: Eq. 1 in px^2, to be lowered (`paper`), or the score, to
            be raised (`robust`).
        contradicting_frames: names of frames that disagree with the rest and were counted less (`robust`).
        frame_weights: how much each frame counted (`robust`).
    """

    num_candidates_rejected: int = 0
    history: tuple[float, ...] = ()
    contradicting_frames: tuple[str, ...] = ()
    frame_weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class CalibrationResult:
    """The extrinsic and how it was reached.

    Attributes:
        outcome: how the calibration ended; unless it is `converged`, `T_cam_lidar` is the initial extrinsic.
        T_cam_lidar: (4, 4) float64, p_cam = T_cam_lidar @ p_lidar.
        initial_T_cam_lidar: (4, 4) float64, where it started.
        loss_before: Eq. 1 at the initial extrinsic.
        loss_after: Eq. 1 at the returned one.
        record: what happened on the way.
        confidence: the raw numbers on how well the extrinsic is determined (`robust`).
        verdict: how far to trust it, in a word with reasons (`robust`).
    """

    outcome: Outcome
    T_cam_lidar: np.ndarray
    initial_T_cam_lidar: np.ndarray
    loss_before: AlignmentLoss
    loss_after: AlignmentLoss
    record: SearchRecord = SearchRecord()
    confidence: Confidence | None = None
    verdict: Verdict | None = None

    @property
    def message(self) -> str:
        """Say how the calibration ended."""
        return self.outcome.sentence
