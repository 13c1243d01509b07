"""PLY: three formats, extra properties and tables passed over, lists walked."""

import struct
import tracemalloc

import numpy as np
import pytest

from worker.inputs import InputError, read_point_cloud

FORMATS = ["ascii", "binary_little_endian", "binary_big_endian"]
XYZ = ["property float x", "property float y", "property float z"]


def ply(*lines: str, body: bytes = b"", ply_format: str = "binary_little_endian") -> bytes:
    return "\n".join(["ply", f"format {ply_format} 1.0", *lines, "end_header", ""]).encode() + body


@pytest.mark.parametrize("ply_format", FORMATS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_line_ends(make_ply, points, ply_format, newline):
    """Headers and text written on Windows read the same."""
    cloud = read_point_cloud(make_ply(ply_format, newline), "a.ply")
    np.testing.assert_array_equal(cloud.points, points[:, :3])
    np.testing.assert_array_equal(cloud.intensity, points[:, 3])


def test_types_by_their_other_names():
    """`float64` is double, `int16` is short; remarks may stand anywhere."""
    lines = [
        "comment a",
        "element vertex 1",
        "property int16 x",
        "obj_info b",
        "property float64 y",
        "property uint8 z",
    ]
    cloud = read_point_cloud(ply(*lines, body=struct.pack("<hdB", -5, 2.5, 200)), "a.ply")
    np.testing.assert_array_equal(cloud.points, [[-5, 2.5, 200]])
    assert cloud.intensity is None


@pytest.mark.parametrize("ply_format", FORMATS)
def test_claims_beyond_the_bytes_are_refused(make_ply, ply_format):
    """A few points more than there are bytes for, and billions, are refused without taking memory."""
    for claimed in (5, 2_000_000, 4_000_000_000):
        tracemalloc.start()
        with pytest.raises(InputError):
            read_point_cloud(make_ply(ply_format, num_claimed=claimed), "a.ply")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**20


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([], "no element 'vertex'"),
        (["element vertex 1"], "has none"),
        (["element vertex 1", *XYZ, "property list uchar int n"], "has a list property"),
        (["element vertex 0", *XYZ], "no points"),
        (["element vertex -1", *XYZ], "makes no sense: 'element vertex -1'"),
        (["element vertex 1", *XYZ, "property colour c"], "makes no sense"),
        (["property float x"], "makes no sense"),
        (["element face 1", "property list float int n"], "makes no sense"),
        (["element vertex 2", *XYZ], "truncated"),
        (["element face 3000000", "property list uchar int n", "element vertex 1", *XYZ], "3000000 'face'"),
        (["element face 9", "property list uchar int n", "element vertex 1", *XYZ], "truncated"),
        (["element face 1", "property list char int n", "element vertex 1", *XYZ], "negative length"),
    ],
)
def test_what_makes_no_sense_is_refused(lines, match):
    """Each mistake has its sentence."""
    with pytest.raises(InputError, match=match):
        read_point_cloud(ply(*lines, body=b"\xff" * 16), "a.ply")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"plx\nend_header\n", "line 'ply'"),
        (b"ply\nend_header\n", "second line"),
        (b"ply\nformat ascii 2.0\nend_header\n", "second line"),
        (b"ply\nformat ascii 1.0\n", "no end_header"),
        (b"ply\n" + b"comment x\n" * 10_000 + b"end_header\n", "no end_header"),
    ],
)
def test_files_that_are_no_ply(data, match):
    """Each wrong beginning has its sentence."""
    with pytest.raises(InputError, match=match) as caught:
        read_point_cloud(data, "a.ply")
    assert caught.value.code == "invalid-point-cloud"


def test_many_properties_times_many_rows_do_not_hang():
    """A table of lists before the points is refused by its size, not walked for minutes."""
    lines = ["element face 30000", "property list uchar int n", *[f"property uchar p{i}" for i in range(100)]]
    data = ply(*lines, "element vertex 1", *XYZ, body=bytes(200_000))
    with pytest.raises(InputError, match="put these last"):
        read_point_cloud(data, "a.ply")
