"""How much each frame of a job counts: near-duplicates share one vote, and frames at odds with the rest lose theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from worker.calibration.frame import Frame
from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.refinement import ascend
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

# Two frames whose pixels bear the same class in more than this share of the image show the same place.
_SAME_PLACE_SHARE = 0.93
_THUMBNAIL = (24, 64)
# A frame that on its own asks for more than this, and for so many times the usual, contradicts the rest (deg).
_CONTRADICTION_DEG, _CONTRADICTION_TIMES = 1.5, 4.0
_OWN_STEPS = 8
_CONTRADICTING_WEIGHT = 0.1


def shared_votes(frames: Sequence[Frame]) -> list[float]:
    """Return weights (one a frame): frames of the same place, such as those of a standing car, count as one."""
    thumbnails = [_thumbnail(frame) for frame in frames]
    return [1.0 / sum(float((mine == other).mean()) > _SAME_PLACE_SHARE for other in thumbnails) for mine in thumbnails]


def contradicting(objective: RobustObjective, pose: RigidTransform) -> list[int]:
    """Return the indices of frames that on their own lead far from the pose all frames agree on.

    With fewer than three frames nobody can say who is wrong.
    """
    if len(objective.frames) < 3:
        return []
    departures = []
    for frame in objective.frames:
        alone = ascend(objective.only(frame), pose, _OWN_STEPS).T_cam_lidar
        departures.append(math.degrees(float(rotation_angle_rad(alone.rotation @ pose.rotation.mT))))
    limit = max(_CONTRADICTION_DEG, _CONTRADICTION_TIMES * float(np.median(departures)))
    return [index for index, departure in enumerate(departures) if departure > limit]


def outvoted(weights: Sequence[float], contradictions: Sequence[int]) -> list[float]:
    """Return the weights with those of contradicting frames reduced."""
    return [w * (_CONTRADICTING_WEIGHT if i in contradictions else 1.0) for i, w in enumerate(weights)]


def _thumbnail(frame: Frame) -> npt.NDArray[np.integer]:
    rows, columns = (
        np.linspace(0, size - 1, count).round().astype(int)
        for size, count in zip(frame.image_labels.shape, _THUMBNAIL, strict=True)
    )
    return frame.image_labels[np.ix_(rows, columns)]
