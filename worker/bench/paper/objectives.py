"""What may rank poses: the objective of each profile, as a number that is lower for better poses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from worker.bench.frames import BenchFrame
from worker.bench.paper.eq1 import FrameLoss
from worker.calibration.config import Profile
from worker.calibration.robust.score import robust_score
from worker.calibration.transforms import RigidTransform

PoseLoss = Callable[[RigidTransform], Tensor]
"""Maps a batch of B extrinsics T_cam_lidar (float64) to (B,) numbers, lower for better ones."""


@dataclass(frozen=True)
class Objective:
    """A way to judge poses.

    Attributes:
        title: how the table calls it.
        of_frame: builds it for one frame.
    """

    title: str
    of_frame: Callable[[BenchFrame], PoseLoss]


def eq1_of_frame(frame: BenchFrame) -> PoseLoss:
    """Return Eq. 1, as the paper plots it."""
    loss = FrameLoss(frame)
    return lambda T_cam_lidar: loss(T_cam_lidar).total_px2


def robust_objective_of_frame(frame: BenchFrame) -> PoseLoss:
    """Return the robust objective with its sign turned, as sharp as the search sees it: without depth edges."""
    score = robust_score([frame.frame], frame.camera)
    return lambda T_cam_lidar: -score(T_cam_lidar)


OBJECTIVES: Mapping[Profile, Objective] = MappingProxyType(
    {
        "paper": Objective("Eq. 1", eq1_of_frame),
        "robust": Objective("robust objective", robust_objective_of_frame),
    }
)
