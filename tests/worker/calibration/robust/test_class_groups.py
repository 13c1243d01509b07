"""Class groups: what is confused is counted together, what is rare not at all."""

import numpy as np

from worker.calibration.robust.class_groups import agreement, group_matrix

NAMES = {0: "road", 1: "building", 2: "fence", 3: "car", 4: "bus", 6: "lighthouse"}


def test_classes_that_networks_confuse_form_one_group():
    """Buildings and fences are structure, cars and buses vehicles, in the order of their ids."""
    matrix, groups = group_matrix(NAMES, 7, np.array([0, 1, 2, 3, 4]))
    assert groups == ("road", "structure", "vehicle")
    assert matrix.argmax(1)[[0, 1, 2, 3, 4]].tolist() == [0, 1, 1, 2, 2]
    assert matrix.sum(1).tolist() == [1, 1, 1, 1, 1, 0, 0]


def test_a_name_nobody_knows_is_a_group_of_its_own():
    """A label map of the caller's own making counts too."""
    matrix, groups = group_matrix(NAMES, 7, np.array([0, 6]))
    assert groups == ("road", "lighthouse")
    assert matrix[6].tolist() == [0, 1]


def test_ids_without_a_name_belong_nowhere():
    """However many there are of them."""
    matrix, groups = group_matrix(NAMES, 7, np.array([0, 5, 5, 5]))
    assert groups == ("road",)
    assert not matrix[5].any()


def test_what_is_hardly_seen_is_left_out():
    """One car pixel in two thousand says more about errors than about the scene; two in a thousand count."""
    road = np.zeros((20, 100), int)
    rare, seen = road.copy(), road.copy()
    rare[0, 0], seen[0, :4] = 3, 3
    assert group_matrix(NAMES, 7, rare)[1] == ("road",)
    assert group_matrix(NAMES, 7, seen)[1] == ("road", "vehicle")


def test_the_share_is_that_of_the_group():
    """Classes that are rare each may be common together."""
    labels = np.zeros(10000, int)
    labels[:6], labels[6:12] = 1, 2
    assert group_matrix(NAMES, 7, labels)[1] == ("road", "structure")


def test_nothing_to_see():
    """No label, no group, but the shape that was asked for."""
    matrix, groups = group_matrix(NAMES, 7, np.zeros(0, int))
    assert matrix.shape == (7, 0)
    assert groups == ()


def test_like_meets_like_and_nothing_meets_the_sky():
    """The same name gains, the sky costs, and ground is ground where only one side divides it."""
    assert agreement("pole", "pole") == agreement("road", "road") == 1
    assert agreement("pole", "sky") == agreement("lighthouse", "sky") == -1
    assert agreement("ground", "sidewalk") == agreement("terrain", "ground") == 1
    assert agreement("road", "sidewalk") == agreement("ground", "structure") == agreement("lighthouse", "road") == 0
