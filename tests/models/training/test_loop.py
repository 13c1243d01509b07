"""Training from end to end on two rendered frames."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from models.backends.street_unet import StreetUNetSegmenter
from models.catalogue import CatalogueEntry
from models.training.config import TrainingConfig
from models.training.export import export_weights
from models.training.folders import Examples, read_examples
from models.training.loop import class_weights, train

SMALL = TrainingConfig(steps=24, batch=2, crop=(48, 96), averaging=0.8)


@pytest.fixture(scope="module")
def examples(rendered_frames: Path) -> Examples:
    """Return both frames."""
    return read_examples(rendered_frames)


def losses_of(examples: Examples, config: TrainingConfig) -> tuple[torch.nn.Module, list[float]]:
    losses: list[float] = []
    network = train(examples, config, lambda step, loss: losses.append(loss))
    return network, losses


def test_the_loss_falls_and_the_weights_run(examples: Examples, tmp_path: Path) -> None:
    """After some steps the loss is clearly lower, and the exported file segments an image."""
    network, losses = losses_of(examples, SMALL)
    assert len(losses) == SMALL.steps
    assert np.mean(losses[-6:]) < 0.85 * np.mean(losses[:3])

    path = tmp_path / "weights.safetensors"
    export_weights(network, path, {"frames": "2"})
    entry = CatalogueEntry(
        name="trained",
        modality="image",
        summary="",
        backend="street_unet",
        source="",
        files=(),
        code_licence="Apache-2.0",
        training_data_terms="",
        non_commercial=False,
        class_names=examples.class_names,
        preprocessing="",
        sensor="",
    )
    image = examples.images[0].image
    segmentation = StreetUNetSegmenter(entry, {path.name: path.read_bytes()}, "cpu").segment(image)
    assert segmentation.labels.shape == image.shape[:2]
    assert segmentation.scores is not None
    assert np.allclose(segmentation.scores.astype(np.float32).sum(0), 1, atol=0.01)


def test_the_same_seed_gives_the_same_weights(examples: Examples, tmp_path: Path) -> None:
    """Two runs write the same bytes; another seed writes others."""
    short = TrainingConfig(steps=3, batch=2, crop=(48, 96))
    digests = [
        export_weights(losses_of(examples, config)[0], tmp_path / "weights.safetensors", {})
        for config in (short, short, TrainingConfig(seed=1, steps=3, batch=2, crop=(48, 96)))
    ]
    assert digests[0] == digests[1] != digests[2]
    assert all(value.dtype != torch.float32 for value in load_file(tmp_path / "weights.safetensors").values())


def test_rare_classes_weigh_more(examples: Examples) -> None:
    """No class weighs more than four times the commonest."""
    weights = class_weights(examples)
    assert weights.min() == 1
    assert weights.max() <= 4
