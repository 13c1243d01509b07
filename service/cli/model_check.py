"""Try a network on a sample, as a worker would run it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Column, Table

from models import Segmentation
from models.backends.registry import load_cloud, load_image
from models.cards.folder import CardFile
from models.catalogue import CatalogueEntry
from models.taxonomy import common_class
from service.cli.errors import EXIT_BAD_INPUT, CommandError
from worker.inputs.image import read_image
from worker.inputs.point_cloud import read_point_cloud
from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render
from worker.segmentation import with_intensity


def run_check(
    model: CatalogueEntry | CardFile, image: Path | None, point_cloud: Path | None, device: str, console: Console
) -> None:
    """Load a network, run it twice and print what it says.

    Args:
        model: the network.
        image: picture to try it on, where it segments images; a rendered street without one.
        point_cloud: sweep to try it on, where it segments clouds; likewise.
        device: a torch device.
        console: where to print.

    Raises:
        CommandError: a sample of the other kind was given.
        ModelError: the network is not here, cannot be loaded or does not run.
        InputError: the sample cannot be read.
    """
    segments = model.modality if isinstance(model, CatalogueEntry) else model.card.segments
    if (image if segments == "cloud" else point_cloud) is not None:
        option = "--point-cloud" if segments == "cloud" else "--image"
        raise CommandError(f"'{model.name}' segments a {segments}: give the sample with {option}.", EXIT_BAD_INPUT)
    sample = _image(image) if segments == "image" else _points(point_cloud)
    segmenter, load_s = _timed(lambda: load_image(model, device) if segments == "image" else load_cloud(model, device))
    _, first_s = _timed(lambda: segmenter.segment(sample))
    said, next_s = _timed(lambda: segmenter.segment(sample))
    console.print(_shares(said))
    size = "x".join(str(side) for side in sample.shape[:2][::-1]) if segments == "image" else f"{len(sample)} points"
    times = f"{next_s:.2f} s ({first_s:.2f} s the first time, {load_s:.2f} s to load)"
    console.print(f"{model.name} runs: {size} in {times}.", soft_wrap=True)
    console.print("It gives class scores." if said.scores is not None else "It gives labels, without class scores.")


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return call(), time.perf_counter() - started


def _shares(said: Segmentation) -> Table:
    """Return which classes were found, how much of the sample they take, and the name they are aligned under."""
    table = Table("output", "class", "aligned as", Column("share", justify="right"))
    labels, counts = np.unique(said.labels, return_counts=True)
    for label, count in sorted(zip(labels.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
        name = said.class_names.get(label)
        aligned = "ignored" if name is None else common_class(name) or name.lower()
        table.add_row(str(label), name or "-", aligned, f"{count / said.labels.size:.1%}")
    return table


def _image(path: Path | None) -> npt.NDArray[np.uint8]:
    return _street().image if path is None else read_image(path)


def _points(path: Path | None) -> npt.NDArray[np.float32]:
    if path is not None:
        return with_intensity(read_point_cloud(path, path.name))
    street = _street()
    return np.column_stack([street.points, street.intensity])


def _street() -> Any:
    config = SceneConfig(camera=CameraConfig().scaled_to(620), lidar=LidarConfig(azimuth_step_deg=0.35))
    return render(generate(0, 0, config))
