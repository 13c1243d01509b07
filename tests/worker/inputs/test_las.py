"""LAS and LAZ as laspy writes them, and refusals of what only claims to be one."""

import struct

import numpy as np
import pytest

from worker.inputs import InputError, InputLimits, read_point_cloud

POINTS = np.array([(1.5, -2.25, 0.5, 3), (10, 20, -30, 65535), (-0.125, 4, 8, 0)])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("point_format", range(11))
def test_every_point_format_is_read(make_las, point_format, compressed):
    """Scales, offsets and extra bytes are understood in all eleven formats, packed or not."""
    version = "1.2" if point_format < 4 else "1.4"
    data = make_las(POINTS, compressed=compressed, point_format=point_format, version=version)
    cloud = read_point_cloud(data, "a.laz" if compressed else "a.las")
    np.testing.assert_allclose(cloud.points, POINTS[:, :3])
    np.testing.assert_array_equal(cloud.intensity, POINTS[:, 3])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("point_format", [3, 6])
def test_large_clouds_of_many_chunks(make_las, point_format, compressed):
    """A hundred thousand points, three chunks of a LAZ file."""
    points = np.random.default_rng(0).integers(-1000, 1000, (120_000, 4)) * [0.0625, 0.125, 0.0625, 0]
    cloud = read_point_cloud(make_las(points, compressed=compressed, point_format=point_format), "a.laz")
    np.testing.assert_allclose(cloud.points, points[:, :3])


@pytest.mark.parametrize("name", ["format1.las", "format1.laz", "format7.las", "format7.laz"])
def test_cut_files_are_refused(valid_las, name):
    """Wherever the file is cut before the end of its points."""
    data = valid_las[name]
    end = len(data) - (60 if name.endswith("laz") else 0)
    for length in range(0, end, 3):
        with pytest.raises(InputError):
            read_point_cloud(data[:length], name)


@pytest.mark.parametrize("name", ["format1.laz", "format7.laz"])
@pytest.mark.parametrize(
    ("offset", "layout", "value", "code"),
    [
        (0, "4s", b"LASX", "invalid-point-cloud"),
        (104, "B", 11, "invalid-point-cloud"),
        (105, "H", 13, "invalid-point-cloud"),
        (247, "Q", 2**40, "too-many-points"),
        (247, "Q", 0, "empty-point-cloud"),
        (100, "I", 2**32 - 1, None),
        (100, "I", 0, "invalid-point-cloud"),
    ],
)
def test_claims_of_the_header(valid_las, name, offset, layout, value, code):
    """Each claim is compared with the bytes before anything is allocated for it."""
    data = bytearray(valid_las[name])
    struct.pack_into(f"<{layout}", data, offset, value)
    if code is None:
        assert len(read_point_cloud(bytes(data), name).points) == 3
        return
    with pytest.raises(InputError) as caught:
        read_point_cloud(bytes(data), name)
    assert caught.value.code == code


def test_unpacked_size_is_limited(valid_las):
    """What the points would unpack to counts, not the file."""
    data = bytearray(valid_las["format1.laz"])
    struct.pack_into("<Q", data, 247, 1000)
    with pytest.raises(InputError, match="unpack to more") as caught:
        read_point_cloud(bytes(data), "a.laz", InputLimits(max_bytes=2000))
    assert caught.value.code == "file-too-large"
