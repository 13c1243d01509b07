"""The robust objective as a plain score of poses, for correlation with known errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.frame import Frame
from worker.calibration.robust.cues import MEDIUM, FrameCues
from worker.calibration.robust.search import score
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone


def robust_score(
    frames: Sequence[Frame], camera: Camera, settings: RobustSettings | None = None
) -> Callable[[RigidTransform], Tensor]:
    """Return a function from a batch of B poses T_cam_lidar to their scores (B,), higher being better.

    Classes and intensity count, at the sharpness that follows up a basin; depth edges do not: they are sought from a
    pose that is roughly right.

    Args:
        frames: of one rig.
        camera: their camera.
        settings: weights of the terms.
    """
    weights = (settings or RobustSettings()).weights
    cues = [FrameCues.from_frame(f, camera, ViewCone.everywhere(), torch.float32, "cpu") for f in frames]
    terms = [(weights[n], term) for cue in cues for n, term in cue.histogram_terms(MEDIUM).items() if weights[n] > 0]
    return lambda T_cam_lidar: score(T_cam_lidar.to(torch.float32), terms)
