"""Augmentation changes the picture, and moves its labels along with it."""

import numpy as np
import pytest

from models.training.augmentation import augment
from models.training.folders import LabelledImage

CROP = (64, 96)


@pytest.fixture
def halves() -> LabelledImage:
    """Return an image whose dark left half is class 0 and whose bright right half is class 1."""
    labels = np.zeros((120, 200), np.uint8)
    labels[:, 100:] = 1
    return LabelledImage(np.repeat((60 + 130 * labels)[..., None], 3, axis=2), labels)


def test_crops_have_the_size_asked_for(halves: LabelledImage) -> None:
    """Whatever is drawn, image and labels have the crop's size, and labels are those there were."""
    for seed in range(20):
        crop = augment(halves, CROP, np.random.default_rng(seed))
        assert crop.image.shape == (*CROP, 3)
        assert crop.image.dtype == np.uint8
        assert crop.labels.shape == CROP
        assert set(np.unique(crop.labels)) <= {0, 1}


def test_labels_stay_on_what_they_name(halves: LabelledImage) -> None:
    """Where both halves are in a crop, the bright one is nearly always still the brighter."""
    brighter = []
    for seed in range(60):
        crop = augment(halves, CROP, np.random.default_rng(seed))
        if 0.2 < crop.labels.mean() < 0.8:
            brighter.append(np.median(crop.image[crop.labels == 1]) >= np.median(crop.image[crop.labels == 0]))
    assert len(brighter) > 10
    assert np.mean(brighter) > 0.8


def test_the_same_draw_gives_the_same_crop(halves: LabelledImage) -> None:
    """Augmentation depends on its generator alone."""
    first, second = (augment(halves, CROP, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.labels, second.labels)
