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
from models.cards.folder import CardFile
from models.catalogue import CatalogueEntry
from models.lookup import find_model_for

# Code of a backend by its name in the catalogue, `module:class`. Each is called with (entry, files, device).
IMAGE_BACKENDS: Mapping[str, str] = MappingProxyType(
    {
        "espnetv2": "models.backends.espnetv2:ESPNetv2Segmenter",
        "street_unet": "models.backends.street_unet:StreetUNetSegmenter",
    }
)
CLOUD_BACKENDS: Mapping[str, str] = MappingProxyType(
    {
        "mininet3d": "models.backends.mininet3d:MiniNet3DSegmenter",
        "geometric": "models.geometric.segmenter:GeometricSegmenter",
    }
)


def load_image_model(name: str, *, device: str = "cpu") -> ImageSegmenter:
    """Return a segmenter of images, ready to run; its files are downloaded if they are not here.

    Args:
        name: name in the catalogue, or of a card.
        device: a torch device.

    Raises:
        UnknownModelError: no image model has that name.
        CardError: its card is no good.
        ModelNotAvailableError: its files could not be had, or are not the published ones.
        NetworkFailedError: it cannot be loaded.
    """
    return load_image(find_model_for(name, "image"), device)


def load_cloud_model(name: str, *, device: str = "cpu") -> CloudSegmenter:
    """Return a segmenter of LiDAR sweeps, ready to run; its files are downloaded if they are not here.

    Args:
        name: name in the catalogue, or of a card.
        device: a torch device.

    Raises:
        UnknownModelError: no cloud model has that name.
        CardError: its card is no good.
        ModelNotAvailableError: its files could not be had, or are not the published ones.
        NetworkFailedError: it cannot be loaded.
    """
    return load_cloud(find_model_for(name, "cloud"), device)


def load_image(model: CatalogueEntry | CardFile, device: str) -> ImageSegmenter:
    """Return the segmenter of a known model of images; raises as `load_image_model` does."""
    segmenter: ImageSegmenter = _load(model, IMAGE_BACKENDS, "image_segmenter", device)
    return segmenter


def load_cloud(model: CatalogueEntry | CardFile, device: str) -> CloudSegmenter:
    """Return the segmenter of a known model of sweeps; raises as `load_cloud_model` does."""
    segmenter: CloudSegmenter = _load(model, CLOUD_BACKENDS, "cloud_segmenter", device)
    return segmenter


def _load(model: CatalogueEntry | CardFile, backends: Mapping[str, str], from_card: str, device: str) -> Any:
    if isinstance(model, CardFile):
        return _import(f"models.backends.from_card:{from_card}")(model, device)
    return _import(backends[model.backend])(model, store.pull(model), device)


def _import(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
