"""What a training run is made of; the defaults made the weights that come with this package."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run.

    Attributes:
        seed: of weights, order and augmentation; with one thread the same seed gives the same weights.
        steps: number of optimiser steps.
        batch: crops in a step.
        crop: (height, width) of a crop in pixels, multiples of 16.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        averaging: share that the running average of the weights keeps in a step; the average is what is exported.
    """

    seed: int = 0
    steps: int = 1800
    batch: int = 8
    crop: tuple[int, int] = (160, 416)
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    averaging: float = 0.995
