"""Eq. 1 of a frame at any extrinsic, the same for every profile: over car, road and sidewalk, without a search."""

from __future__ import annotations

import torch

from worker.bench.frames import BenchFrame
from worker.calibration.config import PAPER_CLASSES
from worker.calibration.loss import ClassLosses, SemanticAlignmentLoss
from worker.calibration.object_sets import object_pixel_sets
from worker.calibration.transforms import RigidTransform


class FrameLoss:
    """Eq. 1 over those of the paper's classes that a frame shows in both modalities; 0 where there is none."""

    def __init__(self, frame: BenchFrame) -> None:
        sets = object_pixel_sets(frame.frame, PAPER_CLASSES)
        self._loss = SemanticAlignmentLoss.from_object_sets([sets], frame.camera, torch.float32)

    def __call__(self, T_cam_lidar: RigidTransform) -> ClassLosses:
        """Evaluate a batch of B extrinsics, without gradient."""
        if not self._loss.classes:
            nothing = torch.zeros(len(T_cam_lidar.translation), 0)
            return ClassLosses(nothing, nothing, nothing)
        return self._loss.in_chunks(T_cam_lidar.to(dtype=torch.float32))
