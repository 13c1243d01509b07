"""The running estimate of a rig's drift: an information filter over xi, robust to frames that lie.

The state is the departure xi = (turn, shift) in the camera frame from the rig's reference extrinsic, six numbers whose
mean and covariance each frame's own departure updates. Between frames it walks at random, slowly: mounts creep.
(Kalman 1960; frames that contradict the estimate are given less weight as a Student-t likelihood would give them.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

AXES = ("pitch", "yaw", "roll", "right", "down", "forward")
"""Turns about the camera's x, y and z axes, and shifts along them: the order of xi."""

_UNITS = (math.degrees(1),) * 3 + (1.0,) * 3
# 99 % of right frames lie nearer than this (squared standard deviations, six degrees of freedom).
_THRESHOLD = 16.81
# Three contradictions in a row are no accident: the rig was hit, and is estimated anew.
_CONTRADICTIONS = 3


def _diagonal(turn_deg: float, shift_m: float) -> Vector:
    return np.diag([math.radians(turn_deg) ** 2] * 3 + [shift_m**2] * 3)


@dataclass(frozen=True)
class DriftModel:
    """How rigs drift and frames err.

    Attributes:
        turn_deg, shift_m: standard deviation of what is believed before any frame, and after the rig was hit.
        turn_deg_per_day, shift_m_per_day: of the random walk.
        common_sigma: of errors that all frames of a rig share and no number of them averages out, in the order of
            `AXES`, deg and m: borders of masks lean, and the reference itself is not exact.
        threshold: squared standard deviations from which on a departure is drift, at 1 % false alarms.
        inflation: factor on all stated covariances, chosen on the frames that docs/benchmarks.md names.
        useful_deg: a turn that is only seen when larger than this leaves the rig unknown.
    """

    turn_deg: float = 2.0
    shift_m: float = 0.05
    turn_deg_per_day: float = 0.05
    shift_m_per_day: float = 0.002
    common_sigma: tuple[float, ...] = (0.06, 0.03, 0.06, 0.012, 0.033, 0.030)
    threshold: float = _THRESHOLD
    inflation: float = 0.85
    useful_deg: float = 1.0

    @property
    def prior(self) -> Vector:
        """Return the covariance (6, 6) before any frame, rad and m."""
        return _diagonal(self.turn_deg, self.shift_m)

    @property
    def common(self) -> Vector:
        """Return the covariance (6, 6) of what all frames share, rad and m."""
        return np.diag((np.array(self.common_sigma) / _UNITS) ** 2)

    def walked(self, seconds: float) -> Vector:
        """Return the covariance (6, 6) that a time adds."""
        days = max(0.0, seconds) / 86400
        return _diagonal(self.turn_deg_per_day * math.sqrt(days), self.shift_m_per_day * math.sqrt(days))


@dataclass(frozen=True, eq=False)
class DriftEstimate:
    """What is known of a rig's departure from its reference.

    Attributes:
        mean: (6,) rad and m.
        covariance: (6, 6) of it, without what all frames share.
        frames: how many it was made from, in all.
        contradictions: how many of the latest ones, in a row, contradicted it.
        at: Unix seconds of the latest frame; None before any.
        model: how rigs drift.
    """

    mean: Vector
    covariance: Vector
    frames: int = 0
    contradictions: int = 0
    at: float | None = None
    model: DriftModel = field(default_factory=DriftModel)

    @classmethod
    def unknown(cls, model: DriftModel | None = None) -> Self:
        """Return what is believed before any frame."""
        model = model or DriftModel()
        return cls(np.zeros(6), model.prior, model=model)

    @property
    def total_covariance(self) -> Vector:
        """Return the covariance (6, 6) with what all frames share: that of the departure itself."""
        return self.covariance + self.model.common

    @property
    def squared_length(self) -> float:
        """Return that of the departure in stated standard deviations."""
        return _squared_length(self.mean, self.total_covariance)

    @property
    def statistic(self) -> float:
        """Return the squared length of the departure in standard deviations as they turned out to be."""
        return self.squared_length / self.model.inflation

    @property
    def is_drifted(self) -> bool:
        """Tell whether the departure is more than chance explains."""
        return self.frames > 0 and self.statistic > self.model.threshold

    @property
    def along(self) -> dict[str, float]:
        """Return the departure along each of `AXES`: deg for turns, m for shifts."""
        return _named(self.mean * _UNITS)

    @property
    def sigma(self) -> dict[str, float]:
        """Return the standard deviations, likewise."""
        return _named(np.sqrt(np.diag(self.total_covariance)) * _UNITS)

    @property
    def smallest_visible(self) -> dict[str, float]:
        """Return the smallest drift along each axis alone that would be told from chance, likewise."""
        precision = np.diag(np.linalg.inv(self.total_covariance))
        return _named(np.sqrt(self.model.threshold * self.model.inflation / precision) * _UNITS)

    @property
    def rotation_deg(self) -> float:
        """Return the angle of the departure's turn."""
        return math.degrees(float(np.linalg.norm(self.mean[:3])))

    def after(self, xi: Vector, covariance: Vector, at: float) -> DriftEstimate:
        """Take in what one frame, or several at once, say.

        Args:
            xi: (6,) their departure from the reference, rad and m.
            covariance: (6, 6) of it.
            at: Unix seconds of the frame; one that comes late counts as of now.
        """
        walked = self.covariance + (self.model.walked(at - self.at) if self.at is not None else 0.0)
        distance = _squared_length(xi - self.mean, walked + covariance)
        contradicts = self.frames > 0 and distance > self.model.threshold
        contradictions = self.contradictions + 1 if contradicts else 0
        if contradictions >= _CONTRADICTIONS:
            walked, contradictions = walked + self.model.prior, 0
        elif contradicts:
            covariance = covariance * (distance / self.model.threshold)
        gain = walked @ np.linalg.inv(walked + covariance)
        kept = np.eye(6) - gain
        # Joseph's form stays symmetric and positive whatever is rounded.
        updated = kept @ walked @ kept.T + gain @ covariance @ gain.T
        latest = at if self.at is None else max(at, self.at)
        return replace(
            self,
            mean=self.mean + gain @ (xi - self.mean),
            covariance=(updated + updated.T) / 2,
            frames=self.frames + 1,
            contradictions=contradictions,
            at=latest,
        )

    def to_json(self) -> dict[str, Any]:
        """Write what `from_json` reads."""
        return {
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
            "frames": self.frames,
            "contradictions": self.contradictions,
            "at": self.at,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any], model: DriftModel | None = None) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            mean=np.array(fields["mean"], np.float64),
            covariance=np.array(fields["covariance"], np.float64),
            frames=fields["frames"],
            contradictions=fields["contradictions"],
            at=fields["at"],
            model=model or DriftModel(),
        )


def _named(values: Vector) -> dict[str, float]:
    return dict(zip(AXES, values.tolist(), strict=True))


def _squared_length(xi: Vector, covariance: Vector) -> float:
    return float(xi @ np.linalg.solve(covariance, xi))
