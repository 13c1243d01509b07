"""The training loop: random crops, a weighted cross-entropy, AdamW, and an average of the weights."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

from models.networks.street_unet import StreetUNet
from models.training.augmentation import augment
from models.training.config import TrainingConfig
from models.training.folders import Examples

OnStep = Callable[[int, float], None]
"""Told the number of a step, from 1, and its loss."""


def train(examples: Examples, config: TrainingConfig, on_step: OnStep) -> StreetUNet:
    """Return a network trained on rendered examples: the average of its weights over the last steps."""
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network = StreetUNet(len(examples.class_names))
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    average = copy.deepcopy(network)
    weights = class_weights(examples)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, config.steps, pct_start=0.15)
    network.train()
    for step in range(1, config.steps + 1):
        images, labels = draw_batch(examples, config, rng)
        loss = functional.cross_entropy(_at_full_size(network(images)), labels, weights)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        # A short memory at first, or the random start would linger.
        _average_into(average, network, keep=min(config.averaging, step / (step + 10)))
        on_step(step, loss.item())
    return average.eval()


def class_weights(examples: Examples) -> Tensor:
    """Return a weight (C,) for each class: the inverse root of its share of the pixels, at most 4 times the least."""
    counts = np.zeros(len(examples.class_names))
    for example in examples.images:
        counts += np.bincount(example.labels.ravel(), minlength=len(counts))[: len(counts)]
    weights = 1.0 / np.sqrt(np.maximum(counts / counts.sum(), 1e-6))
    weights = np.minimum(weights / weights.min(), 4.0)
    return torch.tensor(weights, dtype=torch.float32)


def draw_batch(examples: Examples, config: TrainingConfig, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return images (B, 3, h, w) in 0..1 and labels (B, h, w) of random crops of random examples."""
    picks = rng.integers(len(examples.images), size=config.batch)
    crops = [augment(examples.images[pick], config.crop, rng) for pick in picks]
    images = torch.from_numpy(np.stack([crop.image for crop in crops])).permute(0, 3, 1, 2)
    labels = torch.from_numpy(np.stack([crop.labels for crop in crops]).astype(np.int64))
    return images.float() / 255, labels


def _at_full_size(logits: Tensor) -> Tensor:
    return functional.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)


@torch.no_grad()
def _average_into(average: nn.Module, network: nn.Module, *, keep: float) -> None:
    theirs = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1.0 - keep)
        else:
            value.copy_(theirs[name])
