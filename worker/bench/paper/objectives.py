"""What may rank poses: the objective of each profile, as a number that is lower for better poses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from worker.bench.frames import BenchFrame
from worker.bench.paper.eq1 import FrameLoss
from worker.calibration.config import Profile
from worker.calibration.robust.score import robust_score
from worker.calibration.transforms import RigidTransform

# Every so many points are projected: their median displacement needs no more.
_EVERY = 10
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


def displacement_of_frame(frame: BenchFrame) -> PoseLoss:
    """Return how far (px) points land, in the median, from where the known extrinsic puts them.

    It looks at the truth, so it is no objective: it tells how well anything that only sees projections can be expected
    to rank. Turns of the same angle move points by more or less depending on the axis, and shifts move near points too.
    """
    truth = RigidTransform.from_matrix(frame.T_cam_lidar)
    points = torch.from_numpy(frame.frame.points[::_EVERY].T.astype("float64"))
    at_u, at_v, seen = frame.camera.project(truth.apply(points))
    points, at_u, at_v = points[:, seen], at_u[seen], at_v[seen]

    def displacement(T_cam_lidar: RigidTransform) -> Tensor:
        u, v, _ = frame.camera.project(T_cam_lidar.apply(points))
        return torch.hypot(u - at_u, v - at_v).median(-1).values

    return displacement


BOUND = Objective("displacement of points (knows the truth)", displacement_of_frame)
OBJECTIVES: Mapping[Profile, Objective] = MappingProxyType(
    {
        "paper": Objective("Eq. 1", eq1_of_frame),
        "robust": Objective("robust objective", robust_objective_of_frame),
    }
)
