"""Point clouds from files: the format goes by the name, the bytes are checked before they are believed."""

from collections.abc import Callable
from pathlib import PurePath

from worker.inputs.cloud import PointCloud, clean_cloud, find_measurements
from worker.inputs.csv_cloud import read_csv_cloud
from worker.inputs.errors import InputError
from worker.inputs.float_rows import read_kitti_bin, read_nuscenes_bin
from worker.inputs.las import read_las
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.npy import read_npy_cloud
from worker.inputs.pcd import read_pcd
from worker.inputs.ply import read_ply
from worker.inputs.raw_cloud import RawCloud
from worker.inputs.source import Data, Source, read_source

# The first ending that fits counts.
_READERS: dict[str, Callable[[Data, InputLimits], RawCloud]] = {
    ".pcd.bin": read_nuscenes_bin,
    ".bin": read_kitti_bin,
    ".pcd": read_pcd,
    ".ply": read_ply,
    ".las": read_las,
    ".laz": read_las,
    ".npy": read_npy_cloud,
    ".csv": read_csv_cloud,
}


def read_point_cloud(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> PointCloud:
    """Read one LiDAR sweep.

    Args:
        source: The file, or its bytes.
        filename: Its name; the ending tells the format: `.bin` (KITTI), `.pcd.bin` (nuScenes), `.pcd`, `.ply`, `.las`,
            `.laz`, `.npy` or `.csv`.
        limits: Bounds checked before anything is allocated.

    Raises:
        InputError: for every file that is not a usable cloud.
    """
    raw = _read_raw(source, filename, limits)
    return clean_cloud(raw.xyz, raw.intensity)


def check_point_cloud(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> int:
    """Refuse what `read_point_cloud` refuses, and return how many points the rest has; they are looked at, not kept.

    Raises:
        InputError: As `read_point_cloud`.
    """
    xyz = _read_raw(source, filename, limits).xyz
    find_measurements(xyz)
    return len(xyz)


def _read_raw(source: Source, filename: str, limits: InputLimits) -> RawCloud:
    reader = _reader_of(filename)
    return reader(read_source(source, limits), limits)


def _reader_of(filename: str) -> Callable[[Data, InputLimits], RawCloud]:
    name = PurePath(filename).name.lower()
    for ending, reader in _READERS.items():
        if name.endswith(ending):
            return reader
    raise InputError(
        "unsupported-point-cloud-format",
        f"{PurePath(filename).name!r} is not a supported point cloud: name it *{', *'.join(_READERS)}.",
    )
