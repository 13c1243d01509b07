"""ESPNetv2 on camera images."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.backends.espnetv2 import ESPNetv2Segmenter, load_network, network_input, network_size
from models.catalogue import get_entry

MODEL = "espnetv2_s2_cityscapes"
FRAMES = ["kitti00_000000", "kitti00_001019", "kittidet_train_000000"]


@pytest.fixture(scope="module")
def segmenter(espnetv2_files) -> ESPNetv2Segmenter:
    """Return the segmenter, weights loaded."""
    return ESPNetv2Segmenter(get_entry(MODEL), espnetv2_files, "cpu")


@pytest.mark.parametrize("frame", FRAMES)
def test_real_images_give_the_published_labels(segmenter, image_of, expected, frame):
    """Labels at the image's own size agree with the published ones."""
    labels = segmenter.segment(image_of(frame)).labels
    published = expected(MODEL, frame)["labels"]
    assert labels.dtype == np.uint8
    assert labels.shape == published.shape
    assert (labels == published).mean() >= 0.999


@pytest.mark.parametrize("frame", FRAMES)
def test_real_images_give_the_published_logits(espnetv2_files, image_of, expected, frame):
    """Logits in the network's frame and at the image's own size agree with the published ones."""
    published, image = expected(MODEL, frame), image_of(frame)
    network = load_network(espnetv2_files, 20, torch.device("cpu"))
    with torch.inference_mode():
        logits = network(network_input(image, torch.device("cpu")))
        at_image = functional.interpolate(logits, image.shape[:2], mode="bilinear", align_corners=False)
    for values, positions, wanted in (
        (logits, published["net_positions"], published["net_logits_sample"]),
        (at_image, published["positions"], published["logits_sample"]),
    ):
        sampled = values[0].numpy()[:, positions[:, 0], positions[:, 1]].T
        np.testing.assert_allclose(sampled, wanted, atol=1e-3, rtol=0)


def test_scores_are_probabilities_that_agree_with_the_labels(segmenter, image_of):
    """Scores sum to one, cover the image's extent, and their best class is the label nearly everywhere."""
    segmentation = segmenter.segment(image_of("kitti00_000000"))
    scores = segmentation.scores
    assert scores.dtype == np.float16
    assert scores.shape == (20, 192, 624)
    np.testing.assert_allclose(scores.astype(np.float32).sum(0), 1, atol=5e-3)
    height, width = segmentation.labels.shape
    rows = np.clip(np.rint((np.arange(192) + 0.5) * height / 192 - 0.5), 0, height - 1).astype(int)
    columns = np.clip(np.rint((np.arange(624) + 0.5) * width / 624 - 0.5), 0, width - 1).astype(int)
    assert (scores.argmax(0) == segmentation.labels[np.ix_(rows, columns)]).mean() > 0.98


def test_the_same_image_gives_the_same_answer_twice(segmenter, image_of):
    """Nothing in the network is random."""
    image = image_of("kitti00_000000")
    first, second = segmenter.segment(image), segmenter.segment(image)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.scores, second.scores)


@pytest.mark.parametrize("size", [(376, 1241), (375, 1242), (370, 1224), (370, 1226), (374, 1238)])
def test_every_kitti_size_goes_through_the_network_at_1248x384(size):
    """The published outputs were made at this size."""
    assert network_size(*size) == (384, 1248)


@pytest.mark.parametrize(
    "size", [(900, 1600), (1280, 1920), (1024, 2048), (480, 640), (1, 1), (20, 9000), (4000, 4000)]
)
def test_any_size_becomes_multiples_of_32_of_about_the_same_aspect(size):
    """Large images shrink to about the pixels of the training size, small ones are hardly enlarged."""
    height, width = network_size(*size)
    assert height % 32 == 0
    assert width % 32 == 0
    # Rounding up adds less than 32 to each side.
    scale = min(1.0, np.sqrt(1024 * 512 / (size[0] * size[1])))
    assert 0 <= height - size[0] * scale < 32
    assert 0 <= width - size[1] * scale < 32


def test_a_small_image_is_segmented_at_its_own_size(segmenter):
    """Images smaller than a network cell work too."""
    segmentation = segmenter.segment(np.full((11, 17, 3), 127, np.uint8))
    assert segmentation.labels.shape == (11, 17)
    assert segmentation.scores.shape == (20, 16, 16)
