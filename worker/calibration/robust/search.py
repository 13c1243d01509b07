"""Coarse-to-fine search of the pose space the caller's prior allows, keeping several basins.

Candidates come from a Sobol sequence: evenly spread, so that no seed has better luck than another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.robust.divergence import GroupDivergence
from worker.calibration.transforms import RigidTransform, rotation_from_euler_xyz


@dataclass(frozen=True)
class Candidates:
    """Poses with their scores, best first.

    Attributes:
        T_cam_lidar: batch of B poses.
        score: (B,).
    """

    T_cam_lidar: RigidTransform
    score: Tensor

    @classmethod
    def ranked(cls, poses: RigidTransform, scores: Tensor) -> Candidates:
        """Sort poses by their scores."""
        order = scores.argsort(descending=True)
        return cls(poses[order], scores[order])

    def apart(self, separation_rad: float, count: int) -> Candidates:
        """Return the best `count` poses of which no two are closer than `separation_rad`."""
        rotations = self.T_cam_lidar.rotation.flatten(-2)
        left = torch.ones(len(self.score), dtype=torch.bool, device=self.score.device)
        chosen: list[int] = []
        while len(chosen) < count and bool(left.any()):
            chosen.append(int(left.to(torch.uint8).argmax()))
            # trace(A B^T) = 1 + 2 cos(angle between A and B)
            left &= rotations @ rotations[chosen[-1]] < 1 + 2 * math.cos(separation_rad)
        return Candidates(self.T_cam_lidar[chosen], self.score[chosen])


def spread(centers: RigidTransform, rotation_rad: float, shift_m: float, count: int, seed: int) -> RigidTransform:
    """Return `count` poses around each of B centres, in a box of Euler angles and shifts, the centre first."""
    engine = torch.quasirandom.SobolEngine(6, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    unit = 2 * engine.draw(count - 1, dtype=torch.float64) - 1
    unit = torch.cat([torch.zeros(1, 6, dtype=torch.float64), unit])
    turn = rotation_from_euler_xyz(unit[:, :3] * rotation_rad)
    moves = RigidTransform(turn, unit[:, 3:] * shift_m).to(centers.translation.dtype, centers.translation.device)
    moved = RigidTransform(moves.rotation[None], moves.translation[None]) @ centers[:, None]
    return RigidTransform(moved.rotation.flatten(0, 1), moved.translation.flatten(0, 1))


def score(poses: RigidTransform, terms: Sequence[tuple[float, GroupDivergence]]) -> Tensor:
    """Return the weighted sum of the terms' scores: (B,)."""
    return torch.stack([weight * term.score(poses) for weight, term in terms]).sum(0)


def best_of_each(poses: RigidTransform, scores: Tensor, group_size: int) -> Candidates:
    """Return the best pose of each consecutive group of `group_size`, the best group first."""
    best = scores.view(-1, group_size).max(-1)
    index = torch.arange(len(best.indices), device=scores.device) * group_size + best.indices
    return Candidates.ranked(poses[index], best.values)
