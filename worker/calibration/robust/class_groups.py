"""Groups of classes that networks confuse with each other but seldom with the rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "road": ("road",),
    "sidewalk": ("sidewalk", "parking", "other-ground"),
    "terrain": ("terrain",),
    "vegetation": ("vegetation",),
    "structure": ("building", "wall", "fence"),
    "pole": ("pole", "traffic-light", "traffic-sign", "trunk"),
    "vehicle": ("car", "truck", "bus", "train", "other-vehicle"),
    "person": ("person", "rider", "bicycle", "motorcycle"),
    "sky": ("sky",),
}
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}
# A group seen on fewer pixels or points than this share says more about errors than about the scene.
_MIN_SHARE = 1e-3


# Names that mean ground, and the one that no beam ever returns from.
_GROUND = frozenset({"ground", "road", "sidewalk", "terrain"})
_SKY = "sky"


def agreement(point_group: str, image_group: str) -> float:
    """Tell what a point of one group gains by lying on a pixel of another: 1 for the same, a loss for the sky.

    Where only one side divides the ground, all of it is the same.
    """
    if image_group == _SKY:
        return -1.0
    one_ground = {point_group, image_group} <= _GROUND and "ground" in {point_group, image_group}
    return 1.0 if point_group == image_group or one_ground else 0.0


def group_matrix(
    common: Mapping[int, str], num_classes: int, labels: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return which of `num_classes` native ids belong to which group, (num_classes, G) of 0 and 1, and the groups.

    Classes that the taxonomy does not know form groups of their own. Ids without a name, and groups that `labels`
    (any shape) hardly shows, belong to none: they are not counted.
    """
    group_of_id = [_GROUP_OF.get(common[i], common[i]) if i in common else None for i in range(num_classes)]
    share = np.bincount(labels.ravel(), minlength=num_classes)[:num_classes] / max(1, labels.size)
    groups = tuple(
        group
        for group in dict.fromkeys(g for g in group_of_id if g is not None)
        if sum(share[i] for i, g in enumerate(group_of_id) if g == group) >= _MIN_SHARE
    )
    matrix = np.array([[float(g == group) for group in groups] for g in group_of_id], np.float32)
    return matrix.reshape(num_classes, len(groups)), groups
