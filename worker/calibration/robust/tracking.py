"""Tracking: the extrinsic of a frame from that of the last one, by a short climb and nothing else.

For a rig whose extrinsic is known and changes slowly: each frame costs milliseconds. There is no look around, no depth
edges, which take longer than all the rest, and only as many points as the climb needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.problem import MIN_OBJECT_POINTS
from worker.calibration.robust.confidence import covariance_at, least_drop, share_of_full_sweeps
from worker.calibration.robust.cues import FINE, FrameCues
from worker.calibration.robust.departure import Departure
from worker.calibration.robust.frame_weights import shared_votes
from worker.calibration.robust.local_climb import DRIFT, NO_TOP_DROP, drift_prior, objective_around
from worker.calibration.robust.refinement import ascend
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

# Points a frame keeps: the climb needs no more.
_POINTS = 3000
_STEPS = 12
# Factor on the covariance: a climb without depth edges, over few points, errs by more than the curvature says. Chosen,
# on the frames that docs/benchmarks.md names, so that one test serves tracked and evaluated frames alike.
_WIDENING = 1.35


@dataclass(frozen=True)
class Tracked:
    """Where the climb led.

    Attributes:
        T_cam_lidar: the extrinsic, unbatched, in the precision of the computation.
        departure: what leads there from the last one, with its covariance.
        score: the score per observation and frame there.
        gain: by how much that is better than at the last extrinsic, nats an observation.
        least_drop: least loss of the score per observation when the camera turns by 1 degree about any axis.
    """

    T_cam_lidar: RigidTransform
    departure: Departure
    score: float
    gain: float
    least_drop: float

    @property
    def is_lost(self) -> bool:
        """Tell whether the climb ended on no top: it is further up than tracking reaches, or there is none to see.

        Nearly all climbs that stop halfway up from two degrees end so.
        """
        numbers = (self.score, *self.departure.xi, *self.departure.covariance.flat)
        return not (self.least_drop > NO_TOP_DROP and all(map(math.isfinite, numbers)))


def track(
    frames: Sequence[Frame], camera: Camera, last: RigidTransform, config: CalibrationConfig | None = None
) -> Tracked | None:
    """Climb from the last extrinsic of a rig to that of its newest frames.

    Args:
        frames: the newest frames, usually one.
        camera: intrinsics and image size.
        last: T_cam_lidar, unbatched, right to about a degree.
        config: settings; its prior, profile and seed are not used.

    Returns:
        What was found; None where the frames have too little in common to say.
    """
    config = config or CalibrationConfig()
    start = last.to(config.dtype, config.device)
    seen = [_Seen.of(frame, camera, start, config) for frame in frames]
    seen = [each for each in seen if each.cues.semantic.is_informative]
    if sum(each.object_points for each in seen) < MIN_OBJECT_POINTS:
        return None
    cues = [each.cues for each in seen]
    weights = shared_votes([each.frame for each in seen])
    objective = objective_around(cues, weights, start, config, sharpness=FINE)
    top = ascend(objective, start, _STEPS)
    pose = top.T_cam_lidar
    share_of_points = share_of_full_sweeps(cues, objective, pose, [each.stands_for for each in seen])
    covariance = _WIDENING * covariance_at(objective, pose, share_of_points)
    here, before = (objective.evidence(each).value / objective.all_observations for each in (pose, start))
    return Tracked(
        T_cam_lidar=pose,
        departure=Departure(drift_prior(start).deviation(pose), covariance.numpy()),
        score=here,
        gain=here - before,
        least_drop=least_drop(objective, pose),
    )


@dataclass(frozen=True)
class _Seen:
    """What a frame offers once it is thinned.

    Attributes:
        frame: with every n-th of the points that may be seen, about `_POINTS` of them.
        cues: of it.
        stands_for: n, how many points each of them stands for.
    """

    frame: Frame
    cues: FrameCues
    stands_for: int

    @classmethod
    def of(cls, frame: Frame, camera: Camera, start: RigidTransform, config: CalibrationConfig) -> _Seen:
        cone = ViewCone.around(start, camera, DRIFT)
        points = torch.as_tensor(frame.points.T, dtype=cone.axis.dtype, device=cone.axis.device)
        inside = np.flatnonzero(cone.contains(points).cpu().numpy())
        stands_for = max(1, len(inside) // _POINTS)
        thinned = _with_points(frame, inside[::stands_for])
        # All that is left was inside the cone.
        cues = FrameCues.from_frame(thinned, camera, ViewCone.everywhere(), config.dtype, config.device)
        return cls(thinned, cues, stands_for)

    @property
    def object_points(self) -> float:
        """Return how many points of the whole frame may be seen and bear a class that counts."""
        return self.stands_for * float(self.cues.semantic.membership.sum())


def _with_points(frame: Frame, kept: np.ndarray) -> Frame:
    """Return the frame with the points of these indices only."""
    return replace(
        frame,
        points=frame.points[kept],
        point_labels=frame.point_labels[kept],
        point_scores=None if frame.point_scores is None else frame.point_scores[kept],
        intensity=None if frame.intensity is None else frame.intensity[kept],
    )
