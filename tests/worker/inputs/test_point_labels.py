"""Point labels: one class id for each point as it stands in the file."""

import struct

import numpy as np
import pytest

from worker.inputs import InputError, read_point_cloud, read_point_labels


def test_semantic_kitti_labels_lose_their_instance():
    """The class is in the low 16 bits, the instance above them."""
    data = struct.pack("<3I", 40, (7 << 16) | 10, 0xFFFF_00FC)
    labels = read_point_labels(data, "000000.LABEL")
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, [40, 10, 252])


@pytest.mark.parametrize("dtype", ["u1", "<u4", ">i8"])
def test_npy_labels_of_any_integer_type(make_npy, dtype):
    """Integers come back as they are, whatever their size and byte order."""
    labels = read_point_labels(make_npy(np.array([0, 3, 252], dtype=dtype)), "labels.npy")
    np.testing.assert_array_equal(labels, [0, 3, 252])


@pytest.mark.parametrize(
    "array",
    [np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([-1, 2]), np.array([65536]), np.array([b"road"])],
    ids=["float", "2d", "negative", "too-large", "text"],
)
def test_other_arrays_are_no_labels(make_npy, array):
    """Labels are a row of ids from 0 to 65535."""
    with pytest.raises(InputError, match=r"\.npy|65535") as caught:
        read_point_labels(make_npy(array), "labels.npy")
    assert caught.value.code == "invalid-point-labels"


def test_nothing_is_unpickled(make_npy):
    """An array of Python objects is refused by its header."""
    data = make_npy(np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="does not hold numbers"):
        read_point_labels(data, "labels.npy")


def test_cut_and_unknown_files_are_refused(make_npy):
    """Half a number, half an array and another ending each have their sentence."""
    with pytest.raises(InputError, match="multiple of 4"):
        read_point_labels(b"12345", "a.label")
    with pytest.raises(InputError, match="promises"):
        read_point_labels(make_npy(np.arange(10))[:-1], "a.npy")
    with pytest.raises(InputError, match=r"\*\.label") as caught:
        read_point_labels(b"", "labels.txt")
    assert caught.value.code == "unsupported-point-label-format"


def test_labels_follow_the_points_that_are_kept():
    """Labels of dropped points are dropped with them; a wrong number of labels is refused."""
    rows = [(1, 1, 1, 0), (float("nan"), 0, 0, 0), (2, 2, 2, 0), (0, 0, 0, 0)]
    cloud = read_point_cloud(b"".join(struct.pack("<4f", *row) for row in rows), "cloud.bin")
    labels = read_point_labels(struct.pack("<4I", 10, 11, 12, 13), "cloud.label")
    np.testing.assert_array_equal(cloud.of_kept_points(labels), [10, 12])
    with pytest.raises(InputError, match="2 point labels for a cloud of 4 points") as caught:
        cloud.of_kept_points(labels[:2])
    assert caught.value.code == "point-label-count"


def test_real_labels_match_their_cloud(test_data):
    """SemanticKITTI labels count as many as the points, and are its classes."""
    folder = test_data / "kitti00_000000"
    cloud = read_point_cloud(folder / "cloud.bin", "cloud.bin")
    labels = cloud.of_kept_points(read_point_labels(folder / "labels.label", "labels.label"))
    assert len(labels) == len(cloud.points) == 124668
    assert {40, 48, 70} <= set(np.unique(labels).tolist())  # road, sidewalk, vegetation
