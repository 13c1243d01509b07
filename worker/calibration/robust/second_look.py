"""A second look around an estimate: sharp, with every cue, for what the way from coarse to fine has passed by.

The search ranks places by blurred masks, without depth edges, and climbs from the best ones only. Where classes tell
little, as on a road between trees, the top of all cues at full sharpness may lie a degree or two beside that of the
blurred ones, behind a dip that no climb crosses. What is found here is a better estimate, or a rival of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.search import Candidates, spread
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

OTHER_ANSWER_DEG = 1.0
"""Estimates nearer to each other than this are the same answer, more or less sharply put."""


@dataclass(frozen=True)
class SecondLook:
    """Where a second look searches.

    Attributes:
        count: poses tried.
        radius_deg: how far around, about every axis.
        num_points: points that a term counts, over all frames.
        num_edges: depth edges likewise.
        apart_deg: places lie at least so far from the estimate and from each other.
        num_places: places that are returned.
    """

    count: int
    radius_deg: float
    num_points: int = 1000
    num_edges: int = 400
    apart_deg: float = OTHER_ANSWER_DEG
    num_places: int = 3

    def places(self, objective: RobustObjective, estimate: RigidTransform, seed: int) -> list[RigidTransform]:
        """Return the best places around an estimate (unbatched), the best first, to be climbed from.

        Args:
            objective: the sharpest one, over all points that may come into view.
            estimate: T_cam_lidar.
            seed: of the poses tried.
        """
        poses = spread(estimate[None], math.radians(self.radius_deg), 0.0, self.count, seed)
        away = rotation_angle_rad(poses.rotation @ estimate.rotation.mT) > math.radians(self.apart_deg)
        if not bool(away.any()):
            return []
        poses = poses[away.nonzero().squeeze(-1)]
        ranked = Candidates.ranked(poses, self._scores(objective, poses))
        chosen = ranked.apart(math.radians(self.apart_deg), self.num_places)
        return list(chosen.T_cam_lidar)

    def _scores(self, objective: RobustObjective, poses: RigidTransform) -> Tensor:
        points, edges = (max(1, count // len(objective.frames)) for count in (self.num_points, self.num_edges))
        parts = [
            frame.weight * objective.weights[name] * term.thinned(edges if name == "edges" else points).score(poses)
            for frame in objective.frames
            for name, term in frame.terms.items()
            if objective.weights.get(name)
        ]
        return torch.stack(parts).sum(0)
