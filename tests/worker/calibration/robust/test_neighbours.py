"""Neighbours in the plane: those that a search tree finds, in its order."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from worker.calibration.robust.neighbours import nearest_neighbours

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("count", "radius"), [(3000, 0.02), (3000, 1e-6), (200, 5.0), (2, 0.5)])
def test_they_are_those_of_a_tree(count, radius):
    """Dense or sparse, with a radius that is tiny or spans all: the same neighbours, the nearest first."""
    places = RNG.random((count, 2)) * [3, 1]
    _, expected = cKDTree(places).query(places, k=5, distance_upper_bound=radius)
    np.testing.assert_array_equal(nearest_neighbours(places, radius, 4), expected[:, 1:])


def test_places_on_one_spot_are_neighbours_of_each_other():
    """None is its own neighbour, and what is missing is told by the number of places."""
    found = nearest_neighbours(np.zeros((3, 2)), 0.1, 4)
    assert [sorted(row) for row in found.tolist()] == [[1, 2, 3, 3], [0, 2, 3, 3], [0, 1, 3, 3]]


def test_no_place_has_no_neighbours():
    """An empty set is answered in shape."""
    assert nearest_neighbours(np.zeros((0, 2)), 0.1, 4).shape == (0, 4)
