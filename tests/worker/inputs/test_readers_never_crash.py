"""Whatever the bytes: a value or an InputError, soon, and without much memory."""

import io
import mmap
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.inputs import (
    InputError,
    PointCloud,
    check_image,
    check_label_image,
    check_point_cloud,
    check_point_labels,
    read_image,
    read_label_image,
    read_point_cloud,
    read_point_labels,
)
from worker.inputs.source import Data

CLOUD_NAMES = ["a.bin", "a.pcd.bin", "a.pcd", "a.ply", "a.npy", "a.las", "a.laz", "a.csv"]
VALID_CLOUDS = [
    "cloud.bin",
    "cloud.npy",
    "cloud.csv",
    "sweep.pcd.bin",
    "format1.las",
    "format1.laz",
    "format7.laz",
    "ascii.pcd",
    "binary.pcd",
    "binary_compressed.pcd",
    "ascii.ply",
    "binary_little_endian.ply",
    "binary_big_endian.ply",
]
# What damages a header most: other numbers, words and line ends.
PIECES = [b"0", b"-1", b"3", b"4000000000", b"9" * 30, b"\n", b"\r\n", b" ", b"nan", b"x y z", b"list", b"\xff" * 4]

edits = st.lists(
    st.tuples(
        st.floats(0, 1),  # where, as a share of the file
        st.integers(0, 40),  # how many bytes go
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)),  # what comes instead
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for share, removed, inserted in changes:
        at = int(share * len(data))
        data = data[:at] + inserted + data[at + removed :]
    return data


def expect_value_or_input_error(read: Callable[[], object]) -> object:
    """Run a reader; fail when it raises anything else, takes half a minute, or more than 64 MiB."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        return read()
    except InputError as error:
        assert error.message.endswith((".", "?"))
        return None
    finally:
        seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seconds < 30
        assert peak < 64 * 2**20


def outcome(work: Callable[[], object]) -> object:
    """Return what a check or a reader says, whichever way it ends."""
    try:
        return work()
    except InputError as error:
        return error.code, error.message


def mapping(data: bytes) -> Data:
    """Return the same bytes as those of a mapped file."""
    if not data:
        return data
    mapped = mmap.mmap(-1, len(data))
    mapped[:] = data
    return mapped


@pytest.mark.parametrize("name", VALID_CLOUDS)
@given(changes=edits)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_check_of_a_mapped_cloud_says_what_the_reader_says(valid_clouds, valid_las, name, changes):
    """The same refusal, word for word, or the number of points that the file has."""
    data = mutated((valid_clouds | valid_las)[name], changes)
    read = outcome(lambda: len(read_point_cloud(data, name).kept))
    assert outcome(lambda: check_point_cloud(mapping(data), name)) == read


@pytest.mark.parametrize("name", ["image.png", "image.jpeg"])
@given(changes=edits)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_check_of_a_mapped_image_says_what_the_reader_says(valid_images, name, changes):
    """The same refusal, word for word, or height and width."""
    data = mutated(valid_images[name], changes)
    assert outcome(lambda: check_image(mapping(data))) == outcome(lambda: read_image(data).shape[:2])
    assert outcome(lambda: check_label_image(mapping(data))) == outcome(lambda: read_label_image(data).shape)


@pytest.mark.parametrize("name", ["a.label", "a.npy"])
@given(labels=st.lists(st.integers(-2, 70000), max_size=5), changes=edits)
@settings(deadline=None)
def test_a_check_of_mapped_labels_says_what_the_reader_says(name, labels, changes):
    """The same refusal, word for word, or the number of labels."""
    file = io.BytesIO()
    np.save(file, np.array(labels, np.int64))
    for data in (file.getvalue(), mutated(file.getvalue(), changes)):
        read = outcome(lambda data=data: len(read_point_labels(data, name)))
        assert outcome(lambda data=data: check_point_labels(mapping(data), name)) == read


@pytest.mark.parametrize("name", VALID_CLOUDS)
@given(changes=edits)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_clouds(valid_clouds, valid_las, name, changes):
    """A damaged cloud is refused, or read as what it then says; what is kept is finite and consistent."""
    data = mutated((valid_clouds | valid_las)[name], changes)
    cloud = expect_value_or_input_error(lambda: read_point_cloud(data, name))
    if isinstance(cloud, PointCloud):
        assert cloud.points.shape == (cloud.kept.sum(), 3)
        assert abs(cloud.points).max() < float("inf")
        assert len(cloud.kept) == len(cloud.points) + cloud.num_dropped_non_finite + cloud.num_dropped_at_origin


@pytest.mark.parametrize("name", CLOUD_NAMES)
@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_random_bytes_as_clouds(name, data):
    """Bytes of no format at all, also behind the format's own beginning."""
    beginnings = {".pcd": b"FIELDS x y z\nDATA binary\n", ".ply": b"ply\nformat ascii 1.0\n", ".npy": b"\x93NUMPY\1\0"}
    beginnings |= {".las": b"LASF", ".laz": b"LASF", ".csv": b"x,y,z\n"}
    for start in (b"", beginnings.get(name[1:], b"")):
        expect_value_or_input_error(lambda start=start: read_point_cloud(start + data, name))


@pytest.mark.parametrize("name", ["image.png", "image.jpeg"])
@given(changes=edits)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_images(valid_images, name, changes):
    """A damaged image is refused or decoded, as an image and as a label image."""
    data = mutated(valid_images[name], changes)
    expect_value_or_input_error(lambda: read_image(data))
    expect_value_or_input_error(lambda: read_label_image(data))


@given(data=st.binary(max_size=100))
@settings(deadline=None)
def test_random_bytes_as_images(data):
    """Bytes of no format at all, also behind a PNG's and a JPEG's beginning."""
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        expect_value_or_input_error(lambda start=start: read_image(start + data))


@pytest.mark.parametrize("name", ["a.label", "a.npy"])
@given(changes=edits, data=st.binary(max_size=64))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_point_labels(valid_clouds, name, changes, data):
    """Damaged arrays and random bytes as point labels."""
    expect_value_or_input_error(lambda: read_point_labels(mutated(valid_clouds["cloud.npy"], changes), name))
    expect_value_or_input_error(lambda: read_point_labels(data, name))
