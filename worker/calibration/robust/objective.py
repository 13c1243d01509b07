"""The robust objective: how well a pose explains all frames, and how far it strays from what the caller believes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from worker.calibration.robust.term import Linearization, Term
from worker.calibration.transforms import RigidTransform, axis_angle_from_rotation

# Scalar part of a quaternion above which dividing by it costs no digits.
_FAR_FROM_HALF_TURN = 0.1


@dataclass(frozen=True)
class GaussianPrior:
    """What the caller believes: the initial extrinsic, give or take.

    Attributes:
        initial: T_cam_lidar, unbatched.
        rotation_sigma_rad: standard deviation of the turn about each camera axis.
        center_sigma_m: standard deviation of the camera centre along each axis.
    """

    initial: RigidTransform
    rotation_sigma_rad: float
    center_sigma_m: float

    def deviation(self, T_cam_lidar: RigidTransform) -> Tensor:
        """Return xi (6,) that leads from the initial extrinsic to this one: turn (rad) and shift (m)."""
        relative = (T_cam_lidar @ self.initial.inverse()).to(torch.float64, "cpu")
        return torch.cat([_axis_angle(relative.rotation), relative.translation])

    def precision(self, like: Tensor) -> Tensor:
        """Return the diagonal (6,) of the inverse covariance."""
        return torch.tensor([self.rotation_sigma_rad**-2] * 3 + [self.center_sigma_m**-2] * 3).to(like)


def _axis_angle(rotation: Tensor) -> Tensor:
    """Return the axis-angle vector (3,) of one rotation, in plain numbers: tensors of nine take ten times as long."""
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = rotation.tolist()
    w = 0.5 * math.sqrt(max(0.0, 1 + r00 + r11 + r22))
    if w < _FAR_FROM_HALF_TURN:
        return axis_angle_from_rotation(rotation)
    v = [(r21 - r12) / (4 * w), (r02 - r20) / (4 * w), (r10 - r01) / (4 * w)]
    sine = math.hypot(*v)
    factor = 2 * math.atan2(sine, w) / sine if sine > 0 else 2.0
    return torch.tensor([factor * each for each in v], dtype=rotation.dtype)


@dataclass(frozen=True)
class WeightedFrame:
    """The terms of one frame by name, and how much the frame counts."""

    terms: Mapping[str, Term]
    weight: float = 1.0


@dataclass(frozen=True)
class RobustObjective:
    """Weighted sum over frames and terms, as a log-likelihood, plus the prior's.

    Attributes:
        frames: terms of each frame.
        weights: weight of each term, by name; a term without one does not count.
        observations: how many independent observations one frame of weight 1 is worth.
        prior: what the caller believes.
    """

    frames: tuple[WeightedFrame, ...]
    weights: Mapping[str, float]
    observations: float
    prior: GaussianPrior

    def with_frame_weights(self, weights: Sequence[float]) -> RobustObjective:
        """Return the same objective with frames that count differently."""
        frames = tuple(replace(frame, weight=w) for frame, w in zip(self.frames, weights, strict=True))
        return replace(self, frames=frames)

    def with_weights(self, weights: Mapping[str, float]) -> RobustObjective:
        """Return the same objective with other term weights."""
        return replace(self, weights=weights)

    def only(self, frame: WeightedFrame) -> RobustObjective:
        """Return the objective of one frame alone."""
        return replace(self, frames=(replace(frame, weight=1.0),))

    def evidence(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return what the frames say at one pose, without the prior."""
        parts = [
            (frame.weight * self.observations * self.weights[name], term.linearize(T_cam_lidar))
            for frame in self.frames
            for name, term in frame.terms.items()
            if self.weights.get(name)
        ]
        return Linearization.weighted_sum(parts)

    def __call__(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return log-likelihood plus log-prior at one pose, with gradient and information along xi."""
        evidence = self.evidence(T_cam_lidar)
        deviation = self.prior.deviation(T_cam_lidar)
        precision = self.prior.precision(deviation)
        return Linearization(
            evidence.value - 0.5 * float((precision * deviation**2).sum()),
            # Near the initial extrinsic the deviation itself moves as xi does.
            evidence.gradient - (precision * deviation).to(evidence.gradient),
            evidence.information + torch.diag(precision).to(evidence.information),
        )
