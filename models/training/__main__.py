"""`python -m models.training`: train the weights that come with the package, and measure them on photographs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from models import load_image_model
from models.training.agreement import agreement
from models.training.config import TrainingConfig
from models.training.export import export_weights
from models.training.folders import read_examples
from models.training.loop import train

_REPORT_EVERY = 100
_IMAGE_FILES = ("image.png", "image.jpg")

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("train")
def train_command(
    frames: Annotated[Path, typer.Argument(help="Folder that `semalign render --varied` wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="safetensors file to write.")],
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = TrainingConfig.steps,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weights.")] = TrainingConfig.seed,
) -> None:
    """Train the street network on rendered frames. One thread: more would change the order of sums."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    console = Console(highlight=False)
    examples = read_examples(frames)
    config = TrainingConfig(steps=steps, seed=seed)
    losses: list[float] = []

    def on_step(step: int, loss: float) -> None:
        losses.append(loss)
        if step % _REPORT_EVERY == 0:
            console.print(f"step {step} of {steps}: mean loss {np.mean(losses[-_REPORT_EVERY:]):.3f}")
        progress.update(task, completed=step, loss=loss)

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(f"{len(examples.images)} frames", total=steps, loss=float("nan"))
        network = train(examples, config, on_step)
    provenance = {
        "frames": str(len(examples.images)),
        "config": json.dumps(asdict(config)),
        "classes": json.dumps(list(examples.class_names.values())),
        "licence": "Apache-2.0",
    }
    digest = export_weights(network, output, provenance)
    console.print(f"{output}: {output.stat().st_size:,} bytes, SHA-256 {digest}", soft_wrap=True)


@app.command("agree")
def agree_command(
    frames: Annotated[Path, typer.Argument(help="Folder of frame folders with an image each.", exists=True)],
    model: Annotated[str, typer.Option(help="Image network that is measured.")] = "street_unet_rendered",
    reference: Annotated[str, typer.Option(help="Image network it is compared with.")] = "espnetv2_s2_cityscapes",
    select: Annotated[str, typer.Option(help="Glob on the folders' names.")] = "*",
) -> None:
    """Print how far a network agrees with another one on photographs, group by group."""
    paths = sorted(path for name in _IMAGE_FILES for path in frames.glob(f"{select}/{name}"))
    if not paths:
        raise typer.BadParameter(f"{frames} holds no folder {select!r} with an image.")
    images = (np.asarray(Image.open(path).convert("RGB")) for path in paths)
    result = agreement(load_image_model(model), load_image_model(reference), images)
    groups = ", ".join(f"{name} {value:.2f}" for name, value in result.iou.items())
    print(f"{len(paths)} images: accuracy {result.accuracy:.3f}, mean IoU {result.mean_iou:.3f} ({groups})")  # noqa: T201


if __name__ == "__main__":
    app()
