"""Class names of the data sets whose label sets the networks speak."""

from collections.abc import Mapping
from types import MappingProxyType

# Cityscapes train ids; index 19 gathers what the benchmark leaves out.
CITYSCAPES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "road",
                "sidewalk",
                "building",
                "wall",
                "fence",
                "pole",
                "traffic light",
                "traffic sign",
                "vegetation",
                "terrain",
                "sky",
                "person",
                "rider",
                "car",
                "truck",
                "bus",
                "train",
                "motorcycle",
                "bicycle",
                "background",
            )
        )
    )
)

# SemanticKITTI's nineteen benchmark classes after `unlabeled`.
SEMANTIC_KITTI: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "unlabeled",
                "car",
                "bicycle",
                "motorcycle",
                "truck",
                "other-vehicle",
                "person",
                "bicyclist",
                "motorcyclist",
                "road",
                "parking",
                "sidewalk",
                "other-ground",
                "building",
                "fence",
                "vegetation",
                "trunk",
                "terrain",
                "pole",
                "traffic-sign",
            )
        )
    )
)

# What the renderer's images are labelled with, in the order in which the street network gives them.
RENDERED_STREETS: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "road",
                "sidewalk",
                "building",
                "fence",
                "pole",
                "traffic sign",
                "vegetation",
                "terrain",
                "sky",
                "person",
                "car",
            )
        )
    )
)
