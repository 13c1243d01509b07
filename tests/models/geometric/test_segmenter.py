"""Classes from geometry alone, on rendered streets where they are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models import load_cloud_model
from models.geometric.classes import Kind
from worker.scenes.semantics import Semantic

GROUND = {Semantic.ROAD, Semantic.SIDEWALK, Semantic.TERRAIN}
STANDING = {Semantic.BUILDING, Semantic.CAR, Semantic.POLE, Semantic.VEGETATION, Semantic.PERSON, Semantic.TRUNK}


@pytest.fixture(scope="module")
def labels():
    """Return a function from points (N, 4) to their kinds (N,)."""
    segmenter = load_cloud_model("geometric")
    return lambda points: segmenter.segment(points).labels


class TestAnySensor:
    """From 16 to 128 beams, and without beams."""

    def test_ground_and_what_stands_on_it(self, any_sweep, labels):
        """The split that every calibration leans on."""
        ground = labels(any_sweep.points) == Kind.GROUND
        assert any_sweep.share(ground, GROUND) > 0.95
        assert any_sweep.share(~ground, STANDING) > 0.85

    def test_cars(self, any_sweep, labels):
        """Most returns from cars are found, and few others are taken for cars."""
        car = labels(any_sweep.points) == Kind.CAR
        assert any_sweep.share(car, {Semantic.CAR}) > 0.5
        assert any_sweep.share(car, STANDING - {Semantic.CAR}) < 0.1

    def test_walls_and_foliage(self, any_sweep, labels):
        """Walls seldom look like foliage."""
        assert any_sweep.share(labels(any_sweep.points) == Kind.BUILDING, {Semantic.BUILDING}) > 0.6


@pytest.mark.parametrize(
    ("degrees", "translation"),
    [((0, 0, 0), (1.4, 0, 1.73)), ((0, 8, 0), (0, 0, 0)), ((90, 0, 90), (0, 0, 0)), ((180, 0, 0), (0, 0, 0))],
    ids=["vehicle frame", "tilted", "other axes", "upside down"],
)
def test_any_frame(sweep_of, moved, labels, degrees, translation):
    """The same returns keep their classes in other frames."""
    seen = sweep_of("64 beams")
    other = moved(seen, Rotation.from_euler("xyz", degrees, degrees=True).as_matrix(), np.array(translation))
    assert np.mean(labels(seen.points) == labels(other.points)) > 0.8
    ground = labels(other.points) == Kind.GROUND
    assert other.share(ground, GROUND) > 0.95
    assert other.share(~ground, STANDING) > 0.85


def test_probabilities(sweep_of):
    """They are finite, sum to one, and the label is the most probable."""
    segmentation = load_cloud_model("geometric").segment(sweep_of("32 beams").points)
    scores = segmentation.scores
    assert scores is not None
    np.testing.assert_allclose(scores.astype(np.float32).sum(1), 1, atol=5e-3)
    assert (scores >= 0).all()
    chosen = scores[np.arange(len(scores)), segmentation.labels]
    assert (chosen >= scores.max(1) - 1e-3).all()


def test_the_same_cloud_gives_the_same_classes(sweep_of, labels):
    """Nothing is remembered from one cloud to the next."""
    first = labels(sweep_of("16 beams").points)
    labels(sweep_of("128 beams").points)
    np.testing.assert_array_equal(labels(sweep_of("16 beams").points), first)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_clouds_without_a_ground(labels, count):
    """They stay unlabeled, which the calibration refuses, rather than being guessed at."""
    points = np.random.default_rng(0).normal(0, 10, (count, 4)).astype(np.float32)
    assert (labels(points) == Kind.UNLABELED).all()


def test_returns_at_the_origin_are_unlabeled(sweep_of, labels):
    """Sensors report `no return` there, and the carrier itself is no scene."""
    points = np.concatenate([np.zeros((50, 4), np.float32), sweep_of("32 beams").points])
    assert (labels(points)[:50] == Kind.UNLABELED).all()


@pytest.mark.parametrize("far", [1e3, 1e7, 1e30])
def test_returns_from_nowhere_do_no_harm(sweep_of, labels, far):
    """A few absurd coordinates neither take memory nor change the rest."""
    points = sweep_of("16 beams").points
    absurd = np.array([[far, -far, far, 0], [0, far, 0, 0], [far, 0, 1, 0]], np.float32)
    said = labels(np.concatenate([absurd, points]))
    assert (said[:3] == Kind.UNLABELED).all()
    np.testing.assert_array_equal(said[3:], labels(points))


def test_nothing_is_printed(sweep_of, labels, capfd):
    """The command line prints JSON to the same place."""
    labels(sweep_of("32 beams").points)
    assert capfd.readouterr().out == ""
