"""The vote of the nearest neighbours in range."""

import numpy as np
import pytest
import torch

from models.processing.knn_vote import knn_vote

NUM_CLASSES = 6


def _one_by_one(labels: np.ndarray, ranges: np.ndarray, pixels: np.ndarray, point_ranges: np.ndarray) -> np.ndarray:
    """Vote point by point, straight from the rule."""
    height, width = ranges.shape
    offsets = np.arange(-3, 4)
    gaussian = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 2)
    weights = 1 - gaussian / gaussian.sum()
    result = []
    for pixel, own_range in zip(pixels, point_ranges, strict=True):
        v, u = divmod(int(pixel), width)
        entries = []
        for dv in offsets:
            for du in offsets:
                row, column = v + dv, u + du
                inside = 0 <= row < height and 0 <= column < width
                seen = (ranges[row, column] if ranges[row, column] >= 0 else np.inf) if inside else 0.0
                seen = own_range if dv == du == 0 else seen
                distance = abs(seen - own_range) * weights[dv + 3, du + 3]
                entries.append((distance, labels[row, column] if inside else 0))
        nearest = sorted(entries, key=lambda entry: entry[0])[:7]
        votes = np.bincount([label for distance, label in nearest if distance <= 2], minlength=NUM_CLASSES)
        result.append(votes[1:].argmax() + 1)
    return np.array(result)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("num_labels", [2, NUM_CLASSES])
def test_the_vote_equals_a_loop_over_points(seed, num_labels):
    """Empty pixels, borders, hidden points and unlabeled pixels included."""
    rng = np.random.default_rng(seed)
    height, width, num_points = 12, 20, 400
    # Patches, so that some windows hold one class only and are decided without a vote.
    labels = np.kron(rng.integers(0, num_labels, (2, 3)), np.ones((6, 7), int))[:height, :width]
    labels[rng.random((height, width)) < 0.03] = rng.integers(0, NUM_CLASSES)
    ranges = rng.uniform(3, 9, (height, width)).astype(np.float32)
    ranges[rng.random((height, width)) < 0.3] = -1
    pixels = rng.integers(0, height * width, num_points)
    point_ranges = rng.uniform(1, 11, num_points).astype(np.float32)
    voted = knn_vote(*map(torch.from_numpy, (labels, ranges, pixels, point_ranges)), NUM_CLASSES)
    np.testing.assert_array_equal(voted.numpy(), _one_by_one(labels, ranges, pixels, point_ranges))


def test_a_point_behind_another_takes_the_class_of_its_own_depth():
    """A far point whose pixel belongs to a near object is outvoted by its neighbours at its range."""
    labels, ranges = torch.full((9, 9), 2), torch.full((9, 9), 20.0)
    labels[4, 4], ranges[4, 4] = 3, 5.0
    centre = torch.tensor([4 * 9 + 4])
    assert knn_vote(labels, ranges, centre, torch.tensor([20.0]), NUM_CLASSES).tolist() == [2]
    assert knn_vote(labels, ranges, centre, torch.tensor([5.0]), NUM_CLASSES).tolist() == [3]


def test_where_nobody_votes_the_first_class_wins():
    """An unlabeled pixel alone in space becomes class 1, as in the released code."""
    labels, ranges = torch.zeros((9, 9), dtype=torch.long), torch.full((9, 9), -1.0)
    assert knn_vote(labels, ranges, torch.tensor([40]), torch.tensor([7.0]), NUM_CLASSES).tolist() == [1]
