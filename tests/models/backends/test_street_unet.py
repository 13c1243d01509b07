"""The street network and its weights that come with the package."""

import numpy as np
import pytest
import torch

from models import load_image_model
from models.backends.street_unet import StreetUNetSegmenter, network_size
from models.catalogue import get_entry
from models.networks.street_unet import StreetUNet
from models.training.agreement import agreement
from worker.scenes import CameraConfig, LidarConfig, RenderedFrame, SceneConfig, generate, image_class_names, render

MODEL = "street_unet_rendered"


@pytest.fixture(scope="module")
def segmenter() -> StreetUNetSegmenter:
    """Return the segmenter with the weights of the package."""
    segmenter = load_image_model(MODEL)
    assert isinstance(segmenter, StreetUNetSegmenter)
    return segmenter


@pytest.fixture(scope="module")
def street() -> RenderedFrame:
    """Return a frame that was not trained on, of the default look."""
    config = SceneConfig(camera=CameraConfig().scaled_to(640), lidar=LidarConfig(num_beams=4, azimuth_step_deg=2.0))
    return render(generate(77, 0, config))


def test_the_weights_are_small_free_and_need_no_download() -> None:
    """All embedded weights together stay under 5 MB, and nobody's terms but this project's hold for them."""
    entry = get_entry(MODEL)
    assert entry.is_embedded
    assert not entry.non_commercial
    assert entry.code_licence == "Apache-2.0"
    assert entry.size < 5_000_000


def test_a_street_it_never_saw_is_read(segmenter: StreetUNetSegmenter, street: RenderedFrame) -> None:
    """Nearly all pixels of a rendered frame get the renderer's class."""
    segmentation = segmenter.segment(street.image)
    ids = {name: label for label, name in image_class_names().items()}
    found = np.array([ids[segmentation.class_names[label]] for label in sorted(segmentation.class_names)])
    assert (found[segmentation.labels] == street.image_labels).mean() > 0.85


def test_scores_are_probabilities_that_agree_with_the_labels(
    segmenter: StreetUNetSegmenter, street: RenderedFrame
) -> None:
    """Scores sum to one at half the network's size, and their best class is nearly always the label there."""
    segmentation = segmenter.segment(street.image)
    scores, (height, width) = segmentation.scores, street.image.shape[:2]
    assert scores is not None
    _, rows, columns = scores.shape
    assert (2 * rows, 2 * columns) == network_size(height, width)
    assert np.allclose(scores.astype(np.float32).sum(0), 1, atol=0.01)
    v = np.clip(np.rint((np.arange(rows) + 0.5) * height / rows - 0.5), 0, height - 1).astype(int)
    u = np.clip(np.rint((np.arange(columns) + 0.5) * width / columns - 0.5), 0, width - 1).astype(int)
    assert (scores.argmax(0) == segmentation.labels[np.ix_(v, u)]).mean() > 0.97


@pytest.mark.parametrize("size", [(376, 1241), (1280, 1920), (48, 64), (17, 900)])
def test_any_size_goes_through(segmenter: StreetUNetSegmenter, size: tuple[int, int]) -> None:
    """Labels come at the image's own size, whatever it is."""
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert segmenter.segment(image).labels.shape == size


def test_logits_come_at_half_size() -> None:
    """One map a class, at half the input's size."""
    logits = StreetUNet(7).eval()(torch.zeros(2, 3, 32, 64))
    assert logits.shape == (2, 7, 16, 32)


@pytest.mark.slow
def test_photographs_are_read_roughly(segmenter: StreetUNetSegmenter, models_mirror, image_of) -> None:
    """It was never shown a photograph, yet gives most pixels of KITTI images the group that ESPNetv2 gives them."""
    reference = load_image_model("espnetv2_s2_cityscapes")
    result = agreement(segmenter, reference, map(image_of, ("kitti00_000000", "kitti00_001483")))
    assert result.accuracy > 0.65
