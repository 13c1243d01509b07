"""Object pixel sets gather what both modalities call by the same name."""

import numpy as np
import pytest

from worker.calibration.frame import ClassTable, Frame
from worker.calibration.object_sets import object_pixel_sets


def make_frame(**changes) -> Frame:
    fields = {
        "image_labels": np.array([[0, 1, 2], [2, 2, 7]], np.uint8),
        "image_classes": ClassTable({0: "Road", 1: "parking", 2: "car"}, {0: "road", 1: "road", 2: "car"}),
        "points": np.arange(12, dtype=np.float32).reshape(4, 3),
        "point_labels": np.array([252, 10, 40, 0], np.uint16),
        "point_classes": ClassTable({10: "car", 252: "moving-car", 40: "road"}, {10: "car", 252: "car", 40: "road"}),
    }
    return Frame(**(fields | changes))


def test_ids_that_share_a_common_name_are_gathered():
    """P_c and R_c hold every id of the class; each modality has its own ids."""
    road, car = object_pixel_sets(make_frame(), ("road", "car"))
    assert (road.name, car.name) == ("road", "car")
    assert road.pixels.tolist() == [[True, True, False], [False, False, False]]
    assert car.pixels.tolist() == [[False, False, True], [True, True, False]]
    assert car.points.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert road.points.tolist() == [[6, 7, 8]]


def test_a_class_nobody_saw_is_present_but_not_common():
    """The order and number of classes do not depend on the frame."""
    sets = object_pixel_sets(make_frame(), ("sidewalk", "car"))
    assert [s.name for s in sets] == ["sidewalk", "car"]
    assert [s.is_common for s in sets] == [False, True]


def test_a_class_of_one_modality_is_not_common():
    """Pixels without points cannot be aligned, nor points without pixels."""
    without_points = make_frame(point_labels=np.zeros(4, np.uint16))
    without_pixels = make_frame(image_labels=np.full((2, 3), 9, np.uint8))
    for frame in (without_points, without_pixels):
        assert not object_pixel_sets(frame, ("car",))[0].is_common


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_labels": np.zeros((2, 3, 3), np.uint8)}, r"image labels must be \(H, W\)"),
        ({"points": np.zeros((4, 4))}, r"points must be \(N, 3\)"),
        ({"point_labels": np.zeros(3, np.uint8)}, "4 points need as many labels"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(changes, message):
    """A frame says which array has the wrong shape."""
    with pytest.raises(ValueError, match=message):
        make_frame(**changes)
