"""Clouds of every format: the same points, the same cleaning, the same refusals."""

import io
import struct
import time
import tracemalloc

import numpy as np
import pytest

from worker.inputs import InputError, InputLimits, check_point_cloud, map_file, read_point_cloud

ALL = [
    "cloud.bin",
    "cloud.npy",
    "cloud.csv",
    "sweep.pcd.bin",
    "ascii.pcd",
    "binary.pcd",
    "binary_compressed.pcd",
    "ascii.ply",
    "binary_little_endian.ply",
    "binary_big_endian.ply",
]


def kitti(*rows: tuple[float, float, float, float]) -> bytes:
    return b"".join(struct.pack("<4f", *row) for row in rows)


@pytest.mark.parametrize("name", ALL)
def test_every_format_gives_the_same_points(valid_clouds, points, tmp_path, name):
    """Three points survive every format, field order and byte order, from bytes and from a file."""
    path = tmp_path / name
    path.write_bytes(valid_clouds[name])
    for source in (path, valid_clouds[name]):
        cloud = read_point_cloud(source, name.upper())
        assert cloud.points.dtype == cloud.intensity.dtype == np.float32
        np.testing.assert_array_equal(cloud.points, points[:, :3])
        np.testing.assert_array_equal(cloud.intensity, points[:, 3])
        assert cloud.kept.all()
        assert cloud.num_dropped_non_finite == cloud.num_dropped_at_origin == 0


@pytest.mark.parametrize("name", ALL)
def test_point_limit_holds_for_every_format(valid_clouds, name):
    """Three points pass a limit of three and fail one of two."""
    read_point_cloud(valid_clouds[name], name, InputLimits(max_points=3))
    with pytest.raises(InputError, match="3 points, the limit is 2") as caught:
        read_point_cloud(valid_clouds[name], name, InputLimits(max_points=2))
    assert caught.value.code == "too-many-points"


@pytest.mark.parametrize("name", [name for name in ALL if name != "cloud.csv"])
def test_no_prefix_passes_as_the_cloud(valid_clouds, name):
    """Wherever a file is cut within its points, it is refused.

    A KITTI or nuScenes file has no header, so that a cut between two points cannot be seen; a text file may lose the
    end of its last number; the last table of the PLY files is not read.
    """
    data = valid_clouds[name]
    unseen = {"cloud.bin": 16, "ascii.pcd": 3, "ascii.ply": 7, "cloud.npy": 0}.get(name, 4 if ".ply" in name else 0)
    for length in range(len(data) - unseen):
        if length and length % {"cloud.bin": 16, "sweep.pcd.bin": 20}.get(name, length + 1) == 0:
            continue
        with pytest.raises(InputError):
            read_point_cloud(data[:length], name)


def test_what_is_no_measurement_is_dropped_and_counted():
    """NaN, infinite and all-zero points go, each kind counted; a point on an axis stays."""
    nan, inf = float("nan"), float("inf")
    rows = [(1, 0, 0, 5), (nan, 1, 1, 6), (0, 0, 0, 7), (1, -inf, 1, 8), (-0.0, 0, 0, 9), (0, 0, 2, nan)]
    cloud = read_point_cloud(kitti(*rows), "a.bin")
    np.testing.assert_array_equal(cloud.points, [[1, 0, 0], [0, 0, 2]])
    np.testing.assert_array_equal(cloud.intensity, [5, 0])
    np.testing.assert_array_equal(cloud.kept, [True, False, False, False, False, True])
    assert (cloud.num_dropped_non_finite, cloud.num_dropped_at_origin) == (2, 2)


def test_doubles_beyond_float32_count_as_non_finite(make_npy):
    """A coordinate that float32 cannot hold is dropped without a warning."""
    cloud = read_point_cloud(make_npy(np.array([[1e300, 0, 0], [1, 2, 3]])), "a.npy")
    assert (len(cloud.points), cloud.num_dropped_non_finite) == (1, 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-point-cloud"),
        (kitti((float("nan"), 0, 0, 0), (0, 0, float("inf"), 0)), "no-finite-point"),
        (kitti((0, 0, 0, 1)), "no-finite-point"),
    ],
    ids=["no-bytes", "nan", "origin"],
)
def test_cloud_without_a_measurement_is_refused(data, code):
    """An empty cloud and one without a usable point each have their code."""
    with pytest.raises(InputError) as caught:
        read_point_cloud(data, "a.bin")
    assert caught.value.code == code


def test_kitti_rows_of_another_width_are_refused():
    """The sentence says what a row is, because there is no header to tell."""
    with pytest.raises(InputError, match=r"16 bytes a point \(float32 x, y, z, intensity\)") as caught:
        read_point_cloud(bytes(20 * 3), "a.bin")
    assert caught.value.code == "invalid-point-cloud"


@pytest.mark.parametrize("columns", ["xyz", "xyzir", "xyzirt", "double"])
def test_rows_of_another_kind_are_not_taken_for_kitti(columns):
    """Their sizes fill whole rows of four floats too: only the intensities give them away."""
    xyz = np.random.default_rng(0).uniform(-40, 40, (400, 3))
    extra = np.abs(np.random.default_rng(1).uniform(0, 30, (400, 3)))
    rows = {"xyz": xyz, "xyzir": np.hstack([xyz, extra[:, :2]]), "xyzirt": np.hstack([xyz, extra])}.get(columns, xyz)
    data = np.hstack([xyz, extra[:, :1]]).tobytes() if columns == "double" else rows.astype("<f4").tobytes()
    with pytest.raises(InputError, match=r"intensities are negative.*other fields.*\*\.pcd\.bin") as caught:
        read_point_cloud(data, "a.bin")
    assert caught.value.code == "invalid-point-cloud"


def test_intensities_below_zero_are_read():
    """A few, and -1 for unknown, are what some drivers write."""
    rows = np.ones((400, 4), "<f4")
    rows[:, 3] = -1
    rows[0, 3] = -5
    assert len(read_point_cloud(rows.tobytes(), "a.bin").points) == 400


def test_nuscenes_sweeps_are_not_taken_for_kitti(test_data):
    """A `.pcd.bin` has five floats a point, even where its size would pass for four."""
    path = test_data / "formats" / "nuscenes_lidar_top.pcd.bin"
    assert path.stat().st_size % 16 == 0
    cloud = read_point_cloud(path, path.name)
    assert len(cloud.kept) == path.stat().st_size // 20
    original = read_point_cloud(test_data / "nuscenes_CAM_FRONT" / "cloud.bin", "cloud.bin")
    np.testing.assert_array_equal(cloud.points, original.points)


@pytest.mark.parametrize("name", ["cloud.e57", "cloud", "cloud.npz", ""])
def test_unknown_endings_are_refused(name):
    """The sentence lists the endings that are read."""
    with pytest.raises(InputError, match=r"\*\.bin, \*\.pcd, \*\.ply, \*\.las") as caught:
        read_point_cloud(b"", name)
    assert caught.value.code == "unsupported-point-cloud-format"


@pytest.mark.parametrize(
    ("name", "frame"),
    [("pcd_binary_compressed_kitti00_000000.pcd", "kitti00_000000"), ("pcd_opencalib_1.pcd", "opencalib_1")],
)
def test_real_compressed_clouds_equal_their_originals(test_data, name, frame):
    """A PCD written by the Point Cloud Library holds bit by bit the points of the frame's `.bin`, read in a second."""
    start = time.perf_counter()
    cloud = read_point_cloud(test_data / "formats" / name, name)
    assert time.perf_counter() - start < 1.0
    original = read_point_cloud(test_data / frame / "cloud.bin", "cloud.bin")
    np.testing.assert_array_equal(cloud.points, original.points)
    np.testing.assert_array_equal(cloud.intensity, original.intensity)


def test_real_ascii_cloud_is_read(test_data):
    """A Livox cloud in text: its points without a return are NaN."""
    path = test_data / "formats" / "pcd_ascii_livox.pcd"
    cloud = read_point_cloud(path, path.name)
    assert len(cloud.kept) == 32032
    assert len(cloud.points) + cloud.num_dropped_non_finite + cloud.num_dropped_at_origin == 32032
    np.testing.assert_allclose(cloud.points[0], [3.3995359, -0.0023733242, -0.91298932])
    assert cloud.intensity[0] == 16


def test_missing_returns_of_an_ouster_are_dropped(test_data):
    """RELLIS keeps 64x2048 points, zeros where nothing came back."""
    cloud = read_point_cloud(test_data / "rellis_000104" / "cloud.bin", "cloud.bin")
    assert len(cloud.kept) == 131072
    assert cloud.num_dropped_at_origin == 131072 - len(cloud.points) > 10_000


@pytest.mark.parametrize("name", ["cloud.bin", "sweep.pcd.bin", "cloud.npy", "cloud.pcd", "cloud.ply", "cloud.las"])
def test_a_check_makes_no_copy_of_the_points(make_las, make_npy, tmp_path, name):
    """Beside the mapped file, half a million points take a few bytes each: large uploads must not fill the memory."""
    count = 500_000
    rows = np.linspace(1, 100, 5 * count, dtype="<f4").reshape(count, 5)
    pcd = f"VERSION 0.7\nFIELDS x y z i r\nSIZE 4 4 4 4 4\nTYPE F F F F F\nCOUNT 1 1 1 1 1\nWIDTH {count}\nHEIGHT 1\n"
    ply = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n"
    contents = {
        "cloud.bin": rows[:, :4].tobytes,
        "sweep.pcd.bin": rows.tobytes,
        "cloud.npy": lambda: make_npy(rows),
        "cloud.pcd": lambda: f"{pcd}POINTS {count}\nDATA binary\n".encode() + rows.tobytes(),
        "cloud.ply": lambda: (
            (ply + "".join(f"property float {axis}\n" for axis in ("x", "y", "z", "i", "r")) + "end_header\n").encode()
            + rows.tobytes()
        ),
        "cloud.las": lambda: make_las(rows[:, :4].astype(float), compressed=False),
    }
    path = tmp_path / name
    path.write_bytes(contents[name]())
    tracemalloc.start()
    try:
        assert check_point_cloud(map_file(path), name) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * count


def test_an_empty_file_is_mapped_as_no_bytes(tmp_path):
    """The reader then says what is missing, as it does for any file."""
    path = tmp_path / "cloud.bin"
    path.touch()
    with pytest.raises(InputError, match="no points"):
        check_point_cloud(map_file(path), path.name)


def test_coordinates_of_a_map_are_refused():
    """In single precision a northing of 4,500 km moves by half a metre; a few wild points are no reason to refuse."""
    xyz = np.random.default_rng(0).uniform(-40, 40, (100, 3))
    on_map = io.BytesIO()
    np.save(on_map, xyz + np.array([500_000, 4_500_000, 100]))
    for read in (read_point_cloud, check_point_cloud):
        with pytest.raises(InputError, match=r"more than 100 km from the origin.*subtract an offset") as caught:
            read(on_map.getvalue(), "map.npy")
        assert caught.value.code == "invalid-point-cloud"
    xyz[:10] = 1e9
    wild = io.BytesIO()
    np.save(wild, xyz)
    assert len(read_point_cloud(wild.getvalue(), "wild.npy").points) == 100
