"""One rig's frames, wrong starts, and Eq. 1 over them in each of the ways that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.bench.accuracy import Disturbance
from worker.bench.frames import BenchFrame
from worker.bench.speed.baselines import SearchedLoss, kd_tree_search, pairwise_search
from worker.calibration.config import PAPER_CLASSES, CalibrationConfig, Profile
from worker.calibration.loss import ClassLosses, SemanticAlignmentLoss
from worker.calibration.object_sets import object_pixel_sets
from worker.calibration.refinement import DifferentiableLoss
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone
from worker.inputs import InputError

FIELD: Final = "alignment field"
KD_TREE: Final = "KD-tree"
PAIRWISE: Final = "pairwise distances"

_SEED: Final = 0


class Loss(DifferentiableLoss, Protocol):
    """Eq. 1, however its nearest pixels are found."""

    def __call__(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        """Evaluate a batch of extrinsics."""
        ...


@dataclass(frozen=True)
class Case:
    """What is timed.

    Attributes:
        frames: of one rig.
        starts: (P,) wrong T_cam_lidar, float32, on the device.
        disturbance: how wrong they are.
        device: where everything is computed.
        threads: that each way may use.
    """

    frames: tuple[BenchFrame, ...]
    starts: RigidTransform
    disturbance: Disturbance
    device: str
    threads: int

    @classmethod
    def of(cls, frames: Sequence[BenchFrame], disturbance: Disturbance, poses: int, device: str, threads: int) -> Case:
        """Draw as many starts around the known extrinsic."""
        truth = frames[0].T_cam_lidar
        starts = np.stack([disturbance.start(truth, _SEED, index) for index in range(poses)])
        return cls(
            tuple(frames), RigidTransform.from_matrix(starts, torch.float32, device), disturbance, device, threads
        )

    def with_frames(self, frames: Sequence[BenchFrame]) -> Case:
        """Return the same with other frames of the rig."""
        return replace(self, frames=tuple(frames))

    def config(self, profile: Profile, **changes: object) -> CalibrationConfig:
        """Return the settings of a job whose caller states the disturbance as prior."""
        config = CalibrationConfig(profile=profile, prior=self.disturbance.prior, device=self.device)
        return replace(config, **changes)  # type: ignore[arg-type]

    def field_loss(self) -> SemanticAlignmentLoss:
        """Return Eq. 1 by alignment fields, over the points that may come into view.

        Raises:
            InputError: no class of the paper is common to image and cloud.
        """
        camera = self.frames[0].camera
        sets = [object_pixel_sets(frame.frame, PAPER_CLASSES) for frame in self.frames]
        loss = SemanticAlignmentLoss.from_object_sets(sets, camera, torch.float32, self.device)
        if not loss.classes:
            raise InputError(
                "invalid-frame-folder", f"{self.frames[0].frame.name} shows none of {', '.join(PAPER_CLASSES)} twice."
            )
        truth = RigidTransform.from_matrix(self.frames[0].T_cam_lidar, torch.float32, self.device)
        return loss.within(ViewCone.around(truth, camera, self.disturbance.prior))

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the ways that make sense on the device, the slowest first; scipy's KD-tree knows CPUs only."""
        return (PAIRWISE, KD_TREE, FIELD) if self.device == "cpu" else (PAIRWISE, FIELD)

    def loss(self, way: str) -> Loss:
        """Return Eq. 1 in one way, over the same points in each."""
        field = self.field_loss()
        if way == PAIRWISE:
            return SearchedLoss.like(field, self.masks(), lambda mask: pairwise_search(mask, self.device))
        if way == KD_TREE:
            return SearchedLoss.like(field, self.masks(), lambda mask: kd_tree_search(mask, self.threads))
        return field

    def masks(self) -> list[npt.NDArray[np.bool_]]:
        """Return P_c of every part of the loss, in their order."""
        every = [sets for frame in self.frames for sets in object_pixel_sets(frame.frame, PAPER_CLASSES)]
        return [sets.pixels for sets in every if sets.is_common]


def loss_and_gradient(loss: Loss, vector: Tensor) -> tuple[float, Tensor]:
    """Return Eq. 1 (px^2) at a calibration vector c = (a, t), (6,), and its gradient (6,)."""
    here = loss.at_vector(vector)
    return float(here.losses.total_px2), here.gradient(torch.ones_like(here.losses.px2))
