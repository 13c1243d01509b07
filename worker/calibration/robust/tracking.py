"""Tracking: the extrinsic of a frame from that of the last one, by a short climb and nothing else.

For a rig whose extrinsic is known and changes slowly: each frame costs milliseconds. There is no look around, no depth
edges, which take longer than all the rest, and only as many points as the climb needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.frame import Frame
from worker.calibration.robust.confidence import covariance_at
from worker.calibration.robust.cues import FINE, FrameCues
from worker.calibration.robust.departure import Departure
from worker.calibration.robust.local_climb import DRIFT, drift_prior, objective_around
from worker.calibration.robust.refinement import ascend
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

# Points a frame keeps: the climb needs no more.
_POINTS = 3000
_STEPS = 12


@dataclass(frozen=True)
class Tracked:
    """Where the climb led.

    Attributes:
        T_cam_lidar: the extrinsic, unbatched, in the precision of the computation.
        departure: what leads there from the last one, with its covariance.
        score: the score per observation and frame there.
    """

    T_cam_lidar: RigidTransform
    departure: Departure
    score: float


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
    cone = ViewCone.around(start, camera, DRIFT)
    cues = [FrameCues.from_frame(_thinned(frame, cone), camera, cone, config.dtype, config.device) for frame in frames]
    cues = [cue for cue in cues if cue.semantic.is_informative]
    if not cues:
        return None
    objective = objective_around(cues, [1.0] * len(cues), start, config, sharpness=FINE)
    top = ascend(objective, start, _STEPS)
    covariance = covariance_at(objective, top.T_cam_lidar)
    xi = drift_prior(start).deviation(top.T_cam_lidar)
    observations = objective.observations * len(cues)
    return Tracked(
        top.T_cam_lidar,
        Departure(xi, covariance.numpy()),
        objective.evidence(top.T_cam_lidar).value / observations,
    )


def _thinned(frame: Frame, cone: ViewCone) -> Frame:
    """Return the frame with every n-th of the points that may be seen, about `_POINTS` of them."""
    points = torch.as_tensor(frame.points.T, dtype=cone.axis.dtype, device=cone.axis.device)
    seen = np.flatnonzero(cone.contains(points).cpu().numpy())
    kept = seen[:: max(1, len(seen) // _POINTS)]
    return replace(
        frame,
        points=frame.points[kept],
        point_labels=frame.point_labels[kept],
        point_scores=None if frame.point_scores is None else frame.point_scores[kept],
        intensity=None if frame.intensity is None else frame.intensity[kept],
    )
