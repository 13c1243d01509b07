"""A real network with its released weights, exported and run by a card, beside the code that was written for it."""

import warnings

import torch

from models.backends.espnetv2 import IMAGENET_DEVIATION, IMAGENET_MEAN, load_network
from models.backends.exported import load_image_network
from models.backends.scored import ScoredImageSegmenter
from models.cards.card import ExportedNetwork
from models.label_sets import CITYSCAPES

# What the code of the network makes of an image of KITTI; parts of it depend on the size they were exported for.
SIZE = (384, 1248)


def test_a_card_says_what_the_code_of_the_network_says(tmp_path, espnetv2_files, expected, image_of):
    """All but a few seams on a real frame: the two differ in how they enlarge the last map."""
    network = load_network(espnetv2_files, len(CITYSCAPES), torch.device("cpu"))
    path = tmp_path / "net.pt"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, torch.zeros(1, 3, *SIZE), check_trace=False), path)
    takes = {"kind": "image", "size": SIZE, "mean": IMAGENET_MEAN, "std": IMAGENET_DEVIATION}
    card = ExportedNetwork.model_validate({"format": "torchscript", "file": "net.pt", "input": takes})
    segmenter = ScoredImageSegmenter("net", CITYSCAPES, load_image_network(card, path, "cpu"))
    labels = expected("espnetv2_s2_cityscapes", "kitti00_000000")["labels"]
    said = segmenter.segment(image_of("kitti00_000000"))
    assert said.labels.shape == labels.shape
    assert (said.labels == labels).mean() > 0.99
