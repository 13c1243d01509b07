"""Which code runs which model.

A backend is a function from a catalogue entry, its files' content and a device to a segmenter. It imports its network
itself, so that asking for one model loads nothing of the others.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models import store
from models.backends.protocols import CloudSegmenter, ImageSegmenter
from models.catalogue import CATALOGUE, CatalogueEntry, Modality, get_entry
from models.errors import UnknownModelError

Files = Mapping[str, bytes]


def _espnetv2(entry: CatalogueEntry, files: Files, device: str) -> ImageSegmenter:
    from models.backends.espnetv2 import ESPNetv2Segmenter  # noqa: PLC0415

    return ESPNetv2Segmenter(entry, files, device)


def _mininet3d(entry: CatalogueEntry, files: Files, device: str) -> CloudSegmenter:
    from models.backends.mininet3d import MiniNet3DSegmenter  # noqa: PLC0415

    return MiniNet3DSegmenter(entry, files, device)


IMAGE_BACKENDS: Mapping[str, Callable[[CatalogueEntry, Files, str], ImageSegmenter]] = MappingProxyType(
    {"espnetv2": _espnetv2}
)
CLOUD_BACKENDS: Mapping[str, Callable[[CatalogueEntry, Files, str], CloudSegmenter]] = MappingProxyType(
    {"mininet3d": _mininet3d}
)


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
    return IMAGE_BACKENDS[entry.backend](entry, files, device)


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
    return CLOUD_BACKENDS[entry.backend](entry, files, device)


def _obtain(name: str, modality: Modality) -> tuple[CatalogueEntry, Files]:
    entry = get_entry(name)
    if entry.modality != modality:
        fitting = ", ".join(other.name for other in CATALOGUE.values() if other.modality == modality)
        raise UnknownModelError(f"'{name}' segments a {entry.modality}, not a {modality}; use one of: {fitting}.")
    return entry, store.pull(entry)
