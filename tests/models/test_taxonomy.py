"""Common names of classes."""

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.released import RELEASED
from models.taxonomy import COMMON_CLASSES, SYNONYMS, common_class


@pytest.mark.parametrize("model", CATALOGUE)
def test_every_class_of_every_network_has_a_common_name_or_means_nothing(model):
    """Only `unlabeled` and `background` map to none."""
    without = {name for name in CATALOGUE[model].class_names.values() if common_class(name) is None}
    assert without <= {"unlabeled", "background"}


def test_both_label_sets_meet_in_the_classes_of_the_paper():
    """Car, road and sidewalk are called the same by both pretrained networks."""
    common = [{common_class(name) for name in entry.class_names.values()} for entry in RELEASED]
    assert {"car", "road", "sidewalk"} <= set.intersection(*common)


@pytest.mark.parametrize(
    ("native", "common"),
    [
        ("traffic light", "traffic-light"),
        ("Traffic_Sign", "traffic-sign"),
        ("OTHER VEHICLE", "other-vehicle"),
        (" car ", "car"),
        ("bicyclist", "rider"),
        ("moving-motorcyclist", "rider"),
        ("moving-on-rails", "train"),
        ("lane-marking", "road"),
        ("unlabeled", None),
        ("background", None),
        ("outlier", None),
        ("zebra", None),
        ("", None),
    ],
)
def test_spelling_and_motion_make_no_difference(native, common):
    """Case, spaces, underscores and hyphens are one; moving things are things."""
    assert common_class(native) == common


def test_common_names_are_their_own_common_names():
    """Mapping twice changes nothing, and every synonym leads to a common name."""
    assert [common_class(name) for name in COMMON_CLASSES] == list(COMMON_CLASSES)
    assert set(SYNONYMS.values()) <= set(COMMON_CLASSES)
