"""How much each frame of a job counts: near-duplicates share one vote, and frames at odds with the rest lose theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import Frame
from worker.calibration.parallel import for_each
from worker.calibration.progress import silent
from worker.calibration.robust.estimate import Estimate, search
from worker.calibration.robust.refinement import ascend
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

# Two frames whose pixels bear the same class in more than this share of the image show the same place.
_SAME_PLACE_SHARE = 0.93
_THUMBNAIL = (24, 64)
# A frame that on its own asks for more than this, and for so many times the usual, contradicts the rest (deg).
_CONTRADICTION_DEG, _CONTRADICTION_TIMES = 1.5, 4.0
_OWN_STEPS, _OWN_POINTS = 5, 4000
# How far around it looks for what it asks for (deg), and how much better per observation a place beyond its own hill
# must be: a frame alone errs more than all together, and is not called wrong for that.
_LOOK_AROUND_DEG, _CLEAR_GAIN = 6.0, 0.15
_LOOK_AROUND_CANDIDATES, _LOOK_AROUND_BASINS = 400, 2
_CONTRADICTING_WEIGHT = 0.1


def shared_votes(frames: Sequence[Frame]) -> list[float]:
    """Return weights (one a frame): frames of the same place, such as those of a standing car, count as one."""
    thumbnails = [_thumbnail(frame) for frame in frames]
    return [1.0 / sum(float((mine == other).mean()) > _SAME_PLACE_SHARE for other in thumbnails) for mine in thumbnails]


def contradicting(found: Estimate, config: CalibrationConfig) -> list[int]:
    """Return the indices of frames that on their own lead far from the pose all frames agree on.

    With fewer than three frames nobody can say who is wrong.
    """
    if len(found.objective.frames) < 3:
        return []
    departures = for_each(lambda index: _departure_deg(found, index, config), range(len(found.objective.frames)))
    limit = max(_CONTRADICTION_DEG, _CONTRADICTION_TIMES * float(np.median(departures)))
    return [index for index, departure in enumerate(departures) if departure > limit]


def outvoted(weights: Sequence[float], contradictions: Sequence[int]) -> list[float]:
    """Return the weights with those of contradicting frames reduced."""
    return [w * (_CONTRADICTING_WEIGHT if i in contradictions else 1.0) for i, w in enumerate(weights)]


def _departure_deg(found: Estimate, index: int, config: CalibrationConfig) -> float:
    """Return how far from the common pose a frame on its own leads: up its hill, or to a clearly better place."""
    pose, level = found.best.T_cam_lidar, found.level.only(index)
    own = ascend(level.around(pose, _OWN_POINTS), pose, _OWN_STEPS)
    few = replace(config.robust, num_candidates=_LOOK_AROUND_CANDIDATES, num_basins=_LOOK_AROUND_BASINS)
    around = replace(config, prior=Prior(_LOOK_AROUND_DEG, 0.0), robust=few)
    gain = _CLEAR_GAIN * found.objective.observations
    for basin in _each(search(level.cues, [1.0], pose, around, silent).T_cam_lidar):
        if _apart_deg(basin, pose) > _CONTRADICTION_DEG:
            there = ascend(level.around(basin, _OWN_POINTS), basin, _OWN_STEPS)
            if there.at.value > own.at.value + gain:
                own = there
    return _apart_deg(own.T_cam_lidar, pose)


def _each(poses: RigidTransform) -> list[RigidTransform]:
    return [poses[index] for index in range(len(poses.translation))]


def _apart_deg(a: RigidTransform, b: RigidTransform) -> float:
    return math.degrees(float(rotation_angle_rad(a.rotation @ b.rotation.mT)))


def _thumbnail(frame: Frame) -> npt.NDArray[np.integer]:
    rows, columns = (
        np.linspace(0, size - 1, count).round().astype(int)
        for size, count in zip(frame.image_labels.shape, _THUMBNAIL, strict=True)
    )
    return frame.image_labels[np.ix_(rows, columns)]
