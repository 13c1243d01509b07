"""NumPy clouds: arrays and records; nothing unpickled, nothing believed."""

import struct
import tracemalloc

import numpy as np
import pytest

from worker.inputs import InputError, read_point_cloud


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """Return a `.npy` file with any header text."""
    text = header.encode("latin-1") + b"\n"
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + body


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "<i4", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_real_type_and_order(make_npy, dtype, order):
    """Rows are points, whatever the byte order and memory order."""
    array = np.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]], dtype=dtype, order=order)
    cloud = read_point_cloud(make_npy(array), "a.npy")
    np.testing.assert_array_equal(cloud.points, array[:, :3])
    np.testing.assert_array_equal(cloud.intensity, [4, 9])


def test_three_columns_have_no_intensity(make_npy):
    """An (N, 3) array holds coordinates only."""
    assert read_point_cloud(make_npy(np.ones((2, 3))), "a.npy").intensity is None


def test_records_are_read_by_field_name(make_npy):
    """Structured arrays may hold their fields in any order, among others."""
    array = np.zeros(
        2, dtype=[("t", "f8"), ("z", "f8"), ("x", "f4"), ("y", "i2"), ("reflectivity", "u1"), ("m", "f4", 2)]
    )
    array["x"], array["y"], array["z"], array["reflectivity"] = [1, 2], [3, 4], [5, 6], [7, 8]
    cloud = read_point_cloud(make_npy(array), "a.npy")
    np.testing.assert_array_equal(cloud.points, [[1, 3, 5], [2, 4, 6]])
    np.testing.assert_array_equal(cloud.intensity, [7, 8])


@pytest.mark.parametrize(
    "array",
    [
        np.ones(3),
        np.ones((3, 2)),
        np.ones((2, 3, 4)),
        np.ones((2, 3), dtype=complex),
        np.array([["a", "b", "c"]]),
        np.zeros(2, dtype=[("x", "f4"), ("y", "f4")]),
        np.zeros(2, dtype=[("x", "f4", 2), ("y", "f4"), ("z", "f4")]),
        np.zeros(2, dtype=[("x", "S4"), ("y", "f4"), ("z", "f4")]),
        np.array(1.0),
    ],
    ids=["1d", "two-columns", "3d", "complex", "text", "no-z", "vector-field", "text-field", "scalar"],
)
def test_arrays_that_are_no_cloud_are_refused(make_npy, array):
    """Shape, type and fields are checked, and the sentence says what to save."""
    with pytest.raises(InputError) as caught:
        read_point_cloud(make_npy(array), "a.npy")
    assert caught.value.code == "invalid-point-cloud"


@pytest.mark.parametrize("rows", [3, 4, 5])
def test_points_in_columns_are_refused(make_npy, rows):
    """Read as rows they would be a cloud of three or four points, which no message after that explains."""
    with pytest.raises(InputError, match=rf"points must be rows, of shape \(1000, {rows}\); transpose") as caught:
        read_point_cloud(make_npy(np.ones((rows, 1000), np.float32)), "a.npy")
    assert caught.value.code == "invalid-point-cloud"


def test_empty_array_is_an_empty_cloud(make_npy):
    """No rows are no points."""
    with pytest.raises(InputError) as caught:
        read_point_cloud(make_npy(np.ones((0, 3))), "a.npy")
    assert caught.value.code == "empty-point-cloud"


def test_objects_are_never_unpickled(make_npy):
    """An array of Python objects is refused by its header alone."""

    class Explosive:
        def __reduce__(self):
            return (pytest.fail, ("it was unpickled",))

    data = make_npy(np.array([[Explosive()] * 3], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="does not hold numbers"):
        read_point_cloud(data, "a.npy")


@pytest.mark.parametrize(
    "shape", ["(4000000000, 3)", "(2000000, 3)", f"({10**30}, 3)", "(2, -3)", "(-1, 3)", f"(0, {10**30})"]
)
def test_claims_beyond_the_bytes_take_no_memory(shape):
    """The header's shape is checked against the bytes first."""
    data = npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}", bytes(24))
    tracemalloc.start()
    with pytest.raises(InputError):
        read_point_cloud(data, "a.npy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        npy("{"),
        npy("(" * 5000),
        npy("{'descr': '<f4'}"),
        npy("{'descr': 'V0', 'fortran_order': False, 'shape': (1, 3)}"),
        npy("{'descr': ('<f4', (3,)), 'fortran_order': False, 'shape': (1, 3)}", bytes(36)),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}", bytes(12), version=b"\x09\x00"),
        npy("{'descr': 'S1000000000000', 'fortran_order': False, 'shape': (1, 3)}", bytes(12)),
    ],
    ids=["empty", "magic-only", "cut", "nested", "no-shape", "no-size", "sub-array", "version", "wide"],
)
def test_headers_that_make_no_sense_are_refused(data):
    """Whatever numpy's header parser raises becomes one sentence."""
    with pytest.raises(InputError) as caught:
        read_point_cloud(data, "a.npy")
    assert caught.value.code == "invalid-point-cloud"


def test_version_2_header_is_read():
    """Long headers use version 2."""
    data = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}", struct.pack("<3f", 1, 2, 3), b"\x02\x00")
    np.testing.assert_array_equal(read_point_cloud(data, "a.npy").points, [[1, 2, 3]])
