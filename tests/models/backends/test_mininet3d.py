"""3D-MiniNet on LiDAR sweeps."""

import numpy as np
import pytest

from models.backends.mininet3d import MiniNet3DSegmenter
from models.catalogue import get_entry
from models.taxonomy import common_class

MODEL = "mininet3d_tiny_semantickitti"

# SemanticKITTI's own ids of the classes with many points in the labelled frame.
RAW_NAMES = {10: "car", 40: "road", 44: "parking", 48: "sidewalk", 50: "building", 70: "vegetation", 72: "terrain"}


@pytest.fixture(scope="module")
def segmenter(mininet3d_files) -> MiniNet3DSegmenter:
    """Return the segmenter, weights loaded."""
    return MiniNet3DSegmenter(get_entry(MODEL), mininet3d_files, "cpu")


@pytest.mark.parametrize("frame", ["kitti00_000000", "kitti00_001019", "kittidet_train_000001"])
def test_real_sweeps_give_the_published_labels(segmenter, points_of, expected, frame):
    """Labels of all points, in the order of the file, agree with the published ones."""
    labels = segmenter.segment(points_of(frame)).labels
    assert labels.dtype == np.uint8
    assert (labels == expected(MODEL, frame)["labels_7"]).mean() >= 0.999


def test_labels_agree_with_the_annotation(segmenter, points_of, test_data):
    """On a labelled sweep of the training data most points of the large classes get the annotated class."""
    raw = np.fromfile(test_data / "kitti00_000000" / "labels.label", np.uint32) & 0xFFFF
    segmentation = segmenter.segment(points_of("kitti00_000000"))
    for raw_id, name in RAW_NAMES.items():
        predicted = segmentation.labels[raw == raw_id]
        hits = [common_class(segmentation.class_names[label]) == name for label in predicted.tolist()]
        assert np.mean(hits) > 0.7, name


def test_scores_are_probabilities_that_agree_with_most_labels(segmenter, points_of):
    """Scores sum to one; the vote changes few points."""
    segmentation = segmenter.segment(points_of("kitti00_000000"))
    assert segmentation.scores.dtype == np.float16
    assert segmentation.scores.shape == (len(segmentation.labels), 20)
    np.testing.assert_allclose(segmentation.scores.astype(np.float32).sum(1), 1, atol=5e-3)
    assert (segmentation.scores.argmax(1) == segmentation.labels).mean() > 0.95


def test_the_same_sweep_gives_the_same_answer_twice(segmenter, points_of):
    """Nothing in the network or the vote is random."""
    points = points_of("kitti00_001019")
    first, second = segmenter.segment(points), segmenter.segment(points)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_points_without_a_direction_stay_unlabeled_and_disturb_no_other(segmenter, points_of):
    """A point at the origin gets class 0; all others get what they get without it."""
    points = points_of("kitti00_000000")[::4]
    alone = segmenter.segment(points)
    # After the first point, whose pixel the network is taught to see as empty.
    origin = np.zeros((1, 4), np.float32)
    mixed = segmenter.segment(np.concatenate([points[:5], origin, points[5:], 1e30 * np.ones((1, 4), np.float32)]))
    assert mixed.labels[[5, -1]].tolist() == [0, 0]
    np.testing.assert_array_equal(np.delete(mixed.labels, [5, len(points) + 1]), alone.labels)


def test_an_empty_sweep_gives_no_labels(segmenter):
    """No point in, no label out."""
    segmentation = segmenter.segment(np.zeros((0, 4), np.float32))
    assert segmentation.labels.shape == (0,)
    assert segmentation.scores.shape == (0, 20)
