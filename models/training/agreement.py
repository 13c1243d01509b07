"""How far two image networks agree about photographs that nobody labelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from models.backends.protocols import ImageSegmenter
from models.segmentation import Segmentation
from models.taxonomy import common_class

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ground": frozenset({"road", "sidewalk", "terrain", "parking", "other-ground"}),
        "vehicle": frozenset({"car", "truck", "bus", "train", "other-vehicle"}),
        "building": frozenset({"building", "wall", "fence"}),
        "vegetation": frozenset({"vegetation", "trunk"}),
        "sky": frozenset({"sky"}),
    }
)
"""What a calibration leans on, whichever label set a network has; other classes are left out."""
_LEFT_OUT = len(GROUPS)


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far a network gives the pixels of images the groups that a reference gives them.

    Attributes:
        accuracy: share of the pixels that both put into a group, which they put into the same.
        iou: intersection over union of each group that either sees, over all images.
    """

    accuracy: float
    iou: Mapping[str, float]

    @property
    def mean_iou(self) -> float:
        """Mean over those groups."""
        return float(np.mean(list(self.iou.values())))


def agreement(network: ImageSegmenter, reference: ImageSegmenter, images: Iterable[npt.NDArray[np.uint8]]) -> Agreement:
    """Compare two networks on images (H, W, 3) uint8 RGB."""
    counts = np.zeros((_LEFT_OUT + 1, _LEFT_OUT + 1))
    for image in images:
        theirs, ours = (grouped(segmenter.segment(image)) for segmenter in (reference, network))
        pairs = theirs.ravel() * (_LEFT_OUT + 1) + ours.ravel()
        counts += np.bincount(pairs, minlength=counts.size).reshape(counts.shape)
    # Pixels that the reference leaves out say nothing; those only the network leaves out are misses.
    judged = counts[:_LEFT_OUT]
    hits = np.diagonal(judged)
    union = judged.sum(axis=1) + judged[:, :_LEFT_OUT].sum(axis=0) - hits
    seen = {name: hit / total for name, hit, total in zip(GROUPS, hits, union, strict=True) if total > 0}
    return Agreement(
        accuracy=float(hits.sum() / np.maximum(judged[:, :_LEFT_OUT].sum(), 1)),
        iou=seen,
    )


def grouped(segmentation: Segmentation) -> npt.NDArray[np.int64]:
    """Return the number of each pixel's group, (H, W); one past the last for pixels in none."""
    table = np.full(max(segmentation.class_names) + 1, _LEFT_OUT, np.int64)
    for label, name in segmentation.class_names.items():
        for number, members in enumerate(GROUPS.values()):
            if common_class(name) in members:
                table[label] = number
    return table[segmentation.labels]
