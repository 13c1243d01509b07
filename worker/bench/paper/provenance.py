"""Which network saw which data in training: a sentence for each, to stand under every table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.catalogue import get_entry
from worker.bench.paper.data_set import KITTI_DETECTION, KITTI_ODOMETRY, PaperFrame

PAPER_NETWORKS = (
    "Paper: SDCNet, pretrained on Cityscapes, and SPVNAS, pretrained on SemanticKITTI; tested on odometry sequences 16 "
    "to 21, whose labels are not public, and on the validation set of KITTI detection."
)
LABELS_GIVEN = "Here: labels were given, and no network took part; the errors are the method's own."

# Sequences of KITTI odometry that SemanticKITTI labels; 3D-MiniNet was trained on all of them.
_LAST_LABELLED_SEQUENCE = 10


def provenance(frames: Sequence[PaperFrame], image_model: str | None, cloud_model: str | None) -> list[str]:
    """Say for the paper's and for our networks what they were trained on, and whether frames judged here were part.

    Args:
        frames: all that are judged.
        image_model: network of the images; None where labels were given.
        cloud_model: network of the clouds; None where labels were given.
    """
    names = [name for name in (image_model, cloud_model) if name is not None]
    return [PAPER_NETWORKS, *(_sentence(name, frames) for name in names)] if names else [PAPER_NETWORKS, LABELS_GIVEN]


def _sentence(model: str, frames: Sequence[PaperFrame]) -> str:
    if model == "espnetv2_s2_cityscapes":
        return (
            "Here, images: ESPNetv2 (`espnetv2_s2_cityscapes`), trained on ImageNet-1k and Cityscapes; no frame judged "
            "here is known to be among them."
        )
    if model == "mininet3d_tiny_semantickitti":
        trained_on = (
            "Here, clouds: 3D-MiniNet-tiny (`mininet3d_tiny_semantickitti`), trained on SemanticKITTI 00 to 10."
        )
        return " ".join([trained_on, *_overlap_with_semantic_kitti(frames)])
    entry = get_entry(model)
    return f"Here, {entry.modality}s: `{model}`. {entry.training_data_terms}"


def _overlap_with_semantic_kitti(frames: Sequence[PaperFrame]) -> list[str]:
    sentences = []
    seen = [frame.name for frame in frames if _is_labelled_sequence(frame.source)]
    if seen:
        sentences.append(f"These frames are its training data: {', '.join(seen)}.")
    if any(frame.data_set == KITTI_DETECTION for frame in frames):
        sentences.append("The frames of KITTI detection are not known to be disjoint from it.")
    return sentences


def _is_labelled_sequence(source: str) -> bool:
    found = re.search(rf"{KITTI_ODOMETRY.title} seq (\d+)", source)
    return found is not None and int(found[1]) <= _LAST_LABELLED_SEQUENCE
