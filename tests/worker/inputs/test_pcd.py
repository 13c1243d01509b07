"""PCD: headers as writers write them, claims checked before anything is allocated."""

import struct
import time
import tracemalloc

import numpy as np
import pytest

from worker.inputs import InputError, InputLimits, read_point_cloud

ENCODINGS = ["ascii", "binary", "binary_compressed"]


def pcd(data: bytes, **replaced: str) -> bytes:
    """Return a one-point binary PCD of float x, y, z whose header lines are replaced; an empty one is left out."""
    lines = {
        "VERSION": "0.7",
        "FIELDS": "x y z",
        "SIZE": "4 4 4",
        "TYPE": "F F F",
        "COUNT": "1 1 1",
        "WIDTH": "1",
        "HEIGHT": "1",
        "POINTS": "1",
    } | replaced
    lines["DATA"] = lines.pop("DATA", "binary")
    return "".join(f"{key} {value}\n" for key, value in lines.items() if value).encode() + data


ONE_POINT = struct.pack("<3f", 1, 2, 3)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_line_ends(make_pcd, points, encoding, newline):
    """Headers and text written on Windows read the same."""
    np.testing.assert_array_equal(read_point_cloud(make_pcd(encoding, newline), "a.pcd").points, points[:, :3])


@pytest.mark.parametrize("name", ["intensity", "Intensity", "reflectivity"])
def test_intensity_by_its_names(make_pcd, points, name):
    """Drivers call it intensity or reflectivity; the values stay unscaled."""
    cloud = read_point_cloud(make_pcd("binary", intensity=name), "a.pcd")
    np.testing.assert_array_equal(cloud.intensity, points[:, 3])


def test_cloud_without_intensity(make_pcd):
    """Another field is not taken for the intensity."""
    for encoding in ENCODINGS:
        assert read_point_cloud(make_pcd(encoding, intensity="range"), "a.pcd").intensity is None


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [("I", 1, "b"), ("I", 2, "h"), ("I", 4, "i"), ("I", 8, "q"), ("U", 1, "B"), ("U", 8, "Q"), ("F", 8, "d")],
)
def test_coordinates_of_any_number_type(kind, size, code):
    """Integers and doubles are coordinates too."""
    data = pcd(struct.pack(f"<3{code}", 1, 2, 100), SIZE=f"{size} {size} {size}", TYPE=f"{kind} {kind} {kind}")
    np.testing.assert_array_equal(read_point_cloud(data, "a.pcd").points, [[1, 2, 100]])


@pytest.mark.parametrize(
    "replaced",
    [
        {"COUNT": ""},
        {"POINTS": ""},
        {"WIDTH": "", "HEIGHT": ""},
        {"FIELDS": "", "COLUMNS": "x y z", "VERSION": ".5"},
        {"# made by": "hand", "VIEWPOINT": "0 0 0 1 0 0 0"},
    ],
    ids=["no-count", "no-points", "no-width", "old", "remark"],
)
def test_headers_that_leave_something_out(replaced):
    """Old and terse writers leave out what follows from the rest."""
    np.testing.assert_array_equal(read_point_cloud(pcd(ONE_POINT, **replaced), "a.pcd").points, [[1, 2, 3]])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_claims_beyond_the_bytes_are_refused(make_pcd, encoding):
    """One point more than there are bytes for is one too many."""
    with pytest.raises(InputError, match="4 points") as caught:
        read_point_cloud(make_pcd(encoding, num_claimed=4), "a.pcd")
    expected = "invalid-point-cloud" if encoding == "binary_compressed" else "truncated-point-cloud"
    assert caught.value.code == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_huge_claims_take_no_memory(make_pcd, encoding):
    """Neither four billion points nor two million are allocated for a file of a few bytes."""
    for claimed, limits in [(4_000_000_000, InputLimits()), (2_000_000, InputLimits())]:
        tracemalloc.start()
        with pytest.raises(InputError):
            read_point_cloud(make_pcd(encoding, num_claimed=claimed), "a.pcd", limits)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**20


def test_compressed_bomb_is_refused_by_its_header():
    """A block that no LZF stream could fill is not unpacked, nor one above the limit."""
    big = {"WIDTH": "2000000", "POINTS": "2000000", "DATA": "binary_compressed"}
    with pytest.raises(InputError, match="cannot hold"):
        read_point_cloud(pcd(struct.pack("<II", 100, 24_000_000) + bytes(100), **big), "a.pcd")
    with pytest.raises(InputError, match="unpack to more than 1 MiB") as caught:
        data = pcd(struct.pack("<II", 300_000, 24_000_000) + bytes(300_000), **big)
        read_point_cloud(data, "a.pcd", InputLimits(max_unpacked_bytes=2**20))
    assert caught.value.code == "file-too-large"


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (struct.pack("<II", 13, 12) + b"\x0b" + ONE_POINT[:-1], "13 compressed bytes"),
        (struct.pack("<II", 13, 12) + b"\x1f" + ONE_POINT, "damaged"),
        (struct.pack("<II", 13, 24) + b"\x0b" + ONE_POINT, "one of the two is wrong"),
        (b"\x01\x02", "compressed points"),
    ],
    ids=["cut", "damaged", "other-size", "no-sizes"],
)
def test_damaged_compressed_blocks_are_refused(damage, match):
    """Each damage has its sentence; the whole block is read."""
    whole = struct.pack("<II", 13, 12) + b"\x0b" + ONE_POINT
    assert len(read_point_cloud(pcd(whole, DATA="binary_compressed"), "a.pcd").points) == 1
    with pytest.raises(InputError, match=match):
        read_point_cloud(pcd(damage, DATA="binary_compressed"), "a.pcd")


@pytest.mark.parametrize(
    ("replaced", "match"),
    [
        ({"FIELDS": "x y w"}, "x, y and z once each; this one has x, y, w"),
        ({"FIELDS": "x y x"}, "once each"),
        ({"FIELDS": ""}, "FIELDS, SIZE, TYPE and COUNT"),
        ({"SIZE": "4 4"}, "one entry for each field"),
        ({"SIZE": "4 4 3"}, "no single number"),
        ({"SIZE": "4 4 99999999999999999999"}, "whole numbers"),
        ({"TYPE": "F F X"}, "no single number"),
        ({"COUNT": "1 1 2"}, "no single number"),
        ({"WIDTH": "-1"}, "whole numbers"),
        ({"POINTS": "1 1"}, "one number"),
        ({"WIDTH": "2"}, "make them agree"),
        ({"POINTS": "", "WIDTH": ""}, "neither POINTS nor WIDTH"),
        ({"COLOUR": "red"}, "unknown line 'COLOUR'"),
        ({"DATA": "binary_zipped"}, "DATA ascii, binary or binary_compressed"),
        ({"DATA": ""}, "no DATA line"),
        ({"WIDTH": "0", "POINTS": "0"}, "no points"),
    ],
)
def test_headers_that_make_no_sense_are_refused(replaced, match):
    """Each mistake has a sentence that names the line."""
    with pytest.raises(InputError, match=match):
        read_point_cloud(pcd(ONE_POINT * 3, **replaced), "a.pcd")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1 2 3\n4 5\n", "no row of numbers"),
        ("1 2\n3 4\n", "2 numbers each, the header says 3"),
        ("1 2 3\nx y z\n", "no row of numbers"),
        ("1 2 3\n\n", "blank line"),
        ("1 2 3\n4 5 6 7\n", "no row of numbers"),
        ("1 2 3\n" + "4 " * 5000 + "\n", "more than 8192 bytes"),
        ("1 2 3\n", "truncated"),
    ],
)
def test_text_that_is_no_table_is_refused(text, match):
    """Every row must hold as many numbers as the header says."""
    with pytest.raises(InputError, match=match):
        read_point_cloud(pcd(text.encode(), WIDTH="2", POINTS="2", DATA="ascii"), "a.pcd")


def test_text_understands_nan_and_many_blocks():
    """`nan` as writers print it is a dropped point; long files are read in blocks without a seam."""
    rows = [f"{i} {-i} {i / 2}" for i in range(1, 10_001)]
    rows[5000] = "-nan nan NaN"
    data = pcd("\n".join(rows).encode(), WIDTH="10000", POINTS="10000", DATA="ascii")
    cloud = read_point_cloud(data, "a.pcd")
    expected = np.array([[i, -i, i / 2] for i in range(1, 10_001) if i != 5001], dtype=np.float32)
    np.testing.assert_array_equal(cloud.points, expected)
    assert cloud.num_dropped_non_finite == 1


def test_a_sweep_is_read_in_fifty_milliseconds():
    """120,000 binary points, the best of three."""
    rows = np.random.default_rng(0).normal(size=(120_000, 4)).astype("<f4").tobytes()
    header = {"FIELDS": "x y z intensity", "SIZE": "4 4 4 4", "TYPE": "F F F F", "COUNT": "1 1 1 1"}
    data = pcd(rows, WIDTH="120000", POINTS="120000", **header)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(read_point_cloud(data, "a.pcd").points) == 120_000
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05
