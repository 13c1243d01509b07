"""The ways to Eq. 1 that are timed against each other give one loss and one gradient."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.bench.speed.baselines import kd_tree_search, pairwise_search
from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE, Case, Loss, loss_and_gradient
from worker.bench.speed.comparison import EXACT_TOLERANCE, TOLERANCE, Evaluations, agreement
from worker.calibration.loss import SemanticAlignmentLoss, VectorLosses

MASK = np.zeros((40, 60), dtype=bool)
MASK[5:9, 10:20] = True
MASK[30, 50] = True


def least_distances(places: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(MASK)
    pixels = np.column_stack([columns, rows])
    distances = np.linalg.norm(places[:, None] - pixels[None], axis=2)
    return distances.min(1)


@pytest.mark.parametrize(
    "search", [lambda: pairwise_search(MASK, "cpu"), lambda: kd_tree_search(MASK, 1)], ids=["pairwise", "kd-tree"]
)
def test_the_nearest_pixel_is_found(search):
    """No pixel of the mask is nearer than the one that is named, in (u, v), wherever the place lies."""
    places = np.random.default_rng(0).uniform([0, 0], [59, 39], (500, 2)).astype(np.float32)
    found = search()(torch.from_numpy(places)).numpy()
    assert MASK[found[:, 1].astype(int), found[:, 0].astype(int)].all()
    distances = np.linalg.norm(places - found, axis=1)
    np.testing.assert_allclose(distances, least_distances(places), atol=1e-3)


@pytest.mark.parametrize("search", [lambda: pairwise_search(MASK, "cpu"), lambda: kd_tree_search(MASK, 1)])
def test_no_place_has_no_nearest_pixel(search):
    """A class with no point in view asks for nothing and gets nothing."""
    assert search()(torch.empty(0, 2)).shape == (0, 2)


def test_chunks_do_not_show(monkeypatch):
    """Memory is bounded by comparing a few places at a time, which changes nothing."""
    places = torch.from_numpy(np.random.default_rng(1).uniform(0, 39, (200, 2)).astype(np.float32))
    at_once = pairwise_search(MASK, "cpu")(places)
    monkeypatch.setattr("worker.bench.speed.baselines._PAIRS_PER_CHUNK", {"cpu": 100})
    assert torch.equal(pairwise_search(MASK, "cpu")(places), at_once)


def evaluated(case: Case, loss: Loss) -> Evaluations:
    evaluations = Evaluations(loss, case.starts.to_vector())
    for index in range(len(case.starts.translation)):
        evaluations(index)
    return evaluations


def test_all_ways_give_the_same_loss(case: Case):
    """At every start, within the tolerances that the benchmark states; the field's gradient points the same way."""
    found = agreement({way: evaluated(case, case.loss(way)) for way in (PAIRWISE, KD_TREE, FIELD)})
    assert found[KD_TREE].tolerance == EXACT_TOLERANCE
    assert found[FIELD].tolerance == TOLERANCE
    assert all(each.holds for each in found.values())
    assert found[KD_TREE].gradient < 0.01
    assert found[FIELD].gradient < 0.1


def test_all_ways_count_the_same_points(case: Case):
    """They look at the same points: those of each class and frame that are in view."""
    counts = [case.loss(way)(case.starts).points for way in case.ways]
    assert counts[0].sum() > 0
    assert all(torch.equal(counts[0], each) for each in counts[1:])


@pytest.mark.parametrize("way", [PAIRWISE, KD_TREE, FIELD])
def test_gradients_are_those_of_the_loss(case: Case, way: str):
    """Two poses a little apart along the gradient differ by as much as the gradient says."""
    loss, vector = case.loss(way), case.starts.to_vector()[0]
    _, gradient = loss_and_gradient(loss, vector)
    step = 1e-4 * gradient / gradient.norm()
    values = [loss_and_gradient(loss, vector + sign * step)[0] for sign in (1, -1)]
    # Points that cross the image's border or change their nearest pixel are no part of the gradient.
    assert values[0] - values[1] == pytest.approx(float(2 * (gradient * step).sum()), rel=0.3)


def test_a_disagreement_is_told(case: Case):
    """A way that comes out two per cent higher does not pass for the same loss."""
    field = case.loss(FIELD)

    class TooHigh(SemanticAlignmentLoss):
        def at_vector(self, vector: torch.Tensor) -> VectorLosses:
            here = super().at_vector(vector)
            return replace(here, losses=replace(here.losses, px2=1.02 * here.losses.px2))

    too_high = TooHigh(field.camera, field.classes, field.parts)
    found = agreement({PAIRWISE: evaluated(case, case.loss(PAIRWISE)), FIELD: evaluated(case, too_high)})
    assert not found[FIELD].holds
