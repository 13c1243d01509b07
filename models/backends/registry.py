"""Which code runs which model.

A backend makes a segmenter from a catalogue entry, its files' content and a device. It is imported when a model asks
for it, so that one model loads nothing of the others.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from models import store
from models.backends.protocols import CloudSegmenter, ImageSegmenter
from models.catalogue import CATALOGUE, CatalogueEntry, Modality, get_entry
from models.errors import UnknownModelError

Files = Mapping[str, bytes]

# Code of a backend by its name in the catalogue, `module:class`. Each is called with (entry, files, device).
IMAGE_BACKENDS: Mapping[str, str] = MappingProxyType({"espnetv2": "models.backends.espnetv2:ESPNetv2Segmenter"})
CLOUD_BACKENDS: Mapping[str, str] = MappingProxyType({"mininet3d": "models.backends.mininet3d:MiniNet3DSegmenter"})


def load_image_model(name: str, *, device: str = "cpu") -> ImageSegmenter:
    """Return a segmenter of images, ready to run; its files are downloaded if they are not here.

    Args:
        name: name in the catalogue.
        device: a torch device.

    Raises:
        UnknownModelError: no image model has that name.
        ModelNotAvailableError: its files could not be had, or are not the published ones.
    """
    entry, files = _obtain(name, "image")
    segmenter: ImageSegmenter = _import(IMAGE_BACKENDS[entry.backend])(entry, files, device)
    return segmenter


def load_cloud_model(name: str, *, device: str = "cpu") -> CloudSegmenter:
    """Return a segmenter of LiDAR sweeps, ready to run; its files are downloaded if they are not here.

    Args:
        name: name in the catalogue.
        device: a torch device.

    Raises:
        UnknownModelError: no cloud model has that name.
        ModelNotAvailableError: its files could not be had, or are not the published ones.
    """
    entry, files = _obtain(name, "cloud")
    segmenter: CloudSegmenter = _import(CLOUD_BACKENDS[entry.backend])(entry, files, device)
    return segmenter


def _obtain(name: str, modality: Modality) -> tuple[CatalogueEntry, Files]:
    entry = get_entry(name)
    if entry.modality != modality:
        fitting = ", ".join(other.name for other in CATALOGUE.values() if other.modality == modality)
        raise UnknownModelError(f"'{name}' segments a {entry.modality}, not a {modality}; use one of: {fitting}.")
    return entry, store.pull(entry)


def _import(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
