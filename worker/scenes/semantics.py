"""The classes of a scene, and their ids in the two label sets the renderer writes."""

from __future__ import annotations

from enum import Enum


class Semantic(Enum):
    """A class, with its Cityscapes train id and name, and its raw SemanticKITTI id and name.

    Cityscapes has no class for trunks: there they are vegetation. The sky gives no LiDAR return.
    """

    ROAD = (0, "road", 40, "road")
    SIDEWALK = (1, "sidewalk", 48, "sidewalk")
    BUILDING = (2, "building", 50, "building")
    FENCE = (4, "fence", 51, "fence")
    POLE = (5, "pole", 80, "pole")
    TRAFFIC_SIGN = (7, "traffic sign", 81, "traffic-sign")
    VEGETATION = (8, "vegetation", 70, "vegetation")
    TRUNK = (8, "vegetation", 71, "trunk")
    TERRAIN = (9, "terrain", 72, "terrain")
    SKY = (10, "sky", 0, "unlabeled")
    PERSON = (11, "person", 30, "person")
    CAR = (13, "car", 10, "car")

    def __init__(self, image_id: int, image_name: str, point_id: int, point_name: str) -> None:
        self.image_id = image_id
        self.image_name = image_name
        self.point_id = point_id
        self.point_name = point_name

    @property
    def code(self) -> int:
        """Return the position of the class in this enumeration, its code inside the renderer."""
        return list(Semantic).index(self)


def image_class_names() -> dict[int, str]:
    """Return the name of each image label id."""
    return {semantic.image_id: semantic.image_name for semantic in Semantic}


def point_class_names() -> dict[int, str]:
    """Return the name of each point label id."""
    return {semantic.point_id: semantic.point_name for semantic in Semantic}
