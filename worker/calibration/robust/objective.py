"""The robust objective: how well a pose explains all frames, and how far it strays from what the caller believes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from worker.calibration.parallel import for_each
from worker.calibration.robust.term import Linearization, Term
from worker.calibration.transforms import RigidTransform, axis_angle_from_rotation

# Scalar part of a quaternion above which dividing by it costs no digits.
_FAR_FROM_HALF_TURN = 0.1
# Points of all terms from which on threads cost less than they save.
_WORTH_A_THREAD = 40_000


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

    def deviation(self, T_cam_lidar: RigidTransform) -> npt.NDArray[np.float64]:
        """Return xi (6,) that leads from the initial extrinsic to this one: turn (rad) and shift (m)."""
        (rotation, translation), (rotation_0, translation_0) = T_cam_lidar.arrays, self.initial.arrays
        turn = rotation @ rotation_0.T
        return np.concatenate([_axis_angle(turn), translation - turn @ translation_0])

    @cached_property
    def precision(self) -> npt.NDArray[np.float64]:
        """Return the diagonal (6,) of the inverse covariance."""
        return np.array([self.rotation_sigma_rad**-2] * 3 + [self.center_sigma_m**-2] * 3)


def _axis_angle(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the axis-angle vector (3,) of one rotation, in plain numbers: tensors of nine take ten times as long."""
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = rotation.tolist()
    w = 0.5 * math.sqrt(max(0.0, 1 + r00 + r11 + r22))
    if w < _FAR_FROM_HALF_TURN:
        return axis_angle_from_rotation(torch.from_numpy(rotation)).numpy()
    v = [(r21 - r12) / (4 * w), (r02 - r20) / (4 * w), (r10 - r01) / (4 * w)]
    sine = math.hypot(*v)
    factor = 2 * math.atan2(sine, w) / sine if sine > 0 else 2.0
    return np.array([factor * each for each in v])


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

    @property
    def all_observations(self) -> float:
        """Return how many independent observations all frames together are worth."""
        return self.observations * sum(frame.weight for frame in self.frames)

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
        counted = [
            (frame.weight * self.observations * weight, term)
            for frame in self.frames
            for name, term in frame.terms.items()
            if (weight := self.weights.get(name))
        ]
        if not counted:
            return Linearization(np.zeros(43))
        if sum(term.points.shape[1] for _, term in counted) < _WORTH_A_THREAD:
            parts = [weight * term.linearize(T_cam_lidar).packed for weight, term in counted]
        else:
            parts = for_each(lambda each: each[0] * each[1].linearize(T_cam_lidar).packed, counted)
        # Added where the terms are, then taken off the device as one.
        return Linearization(Linearization(sum(parts[1:], start=parts[0])).on_host())

    def __call__(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return log-likelihood plus log-prior at one pose, with gradient and information along xi."""
        packed = self.evidence(T_cam_lidar).on_host()
        deviation, precision = self.prior.deviation(T_cam_lidar), self.prior.precision
        pull = precision * deviation
        packed[0] -= 0.5 * (pull @ deviation)
        # Near the initial extrinsic the deviation itself moves as xi does.
        packed[1:7] -= pull
        packed[7::7] += precision
        return Linearization(packed)
