"""Common names for the classes of different label sets."""

from collections.abc import Mapping
from types import MappingProxyType

COMMON_CLASSES = (
    "road",
    "parking",
    "sidewalk",
    "other-ground",
    "ground",
    "terrain",
    "vegetation",
    "trunk",
    "building",
    "wall",
    "fence",
    "pole",
    "traffic-light",
    "traffic-sign",
    "sky",
    "person",
    "rider",
    "bicycle",
    "motorcycle",
    "car",
    "truck",
    "bus",
    "train",
    "other-vehicle",
)

# Names of Cityscapes and SemanticKITTI (raw labels included) that differ from the common ones, and a frequent one.
SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "bicyclist": "rider",
        "motorcyclist": "rider",
        "lane-marking": "road",
        "on-rails": "train",
        "pedestrian": "person",
    }
)

MOVING = "moving-"


def common_class(name: str) -> str | None:
    """Return the common name of a native class name.

    Case, underscores, hyphens and spaces make no difference, and `moving-car` is a car.

    Returns:
        One of COMMON_CLASSES, or None where the name means no class (unlabeled, background) or is not known.
    """
    canonical = "-".join(name.lower().replace("_", " ").replace("-", " ").split()).removeprefix(MOVING)
    canonical = SYNONYMS.get(canonical, canonical)
    return canonical if canonical in COMMON_CLASSES else None
