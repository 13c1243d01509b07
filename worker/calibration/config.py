"""Settings of a calibration, in the paper's letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch

from worker.calibration.robust.settings import RobustSettings

Profile = Literal["robust", "paper"]

PAPER_CLASSES = ("car", "road", "sidewalk")


@dataclass(frozen=True)
class Prior:
    """How far the initial extrinsic may be off.

    Attributes:
        rotation_deg: bound on roll, pitch and yaw of the camera, each, degrees.
        translation_m: bound on the camera centre along each axis, metres.
    """

    rotation_deg: float = 10.0
    translation_m: float = 0.2


@dataclass(frozen=True)
class CalibrationConfig:
    """Everything that decides a calibration besides its data.

    Attributes:
        profile: `robust` aligns every class, brightness and depth edges and says how far to trust the result; `paper`
            follows Section III to the letter.
        prior: how far the initial extrinsic may be off; the search stays inside.
        classes: the classes that are aligned.
        num_samples: N, random transforms tried by the loss-guided initialization; 0 leaves it out.
        min_points_in_view: M, LiDAR points of any class a candidate must keep in the image, per frame; 0 for no rule.
        learning_rate: step of Adam, rad and m.
        num_iterations: steps of Adam.
        hold_translation: keep the camera centre of the initial extrinsic and estimate the rotation only.
        seed: seed of the random transforms; the same seed on the same device gives the same result.
        device: where tensors live, such as `cpu` or `cuda:0`.
        dtype: precision of the loss and its gradient.
        robust: settings of the robust profile.
    """

    profile: Profile = "robust"
    prior: Prior = Prior()
    classes: tuple[str, ...] = PAPER_CLASSES
    num_samples: int = 5000
    min_points_in_view: int = 8000
    learning_rate: float = 1e-3
    num_iterations: int = 1000
    hold_translation: bool = False
    seed: int = 0
    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    robust: RobustSettings = field(default_factory=RobustSettings)
