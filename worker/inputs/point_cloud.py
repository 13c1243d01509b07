"""Point clouds from files: the format goes by the name, the bytes are checked before they are believed."""

from collections.abc import Callable
from pathlib import PurePath

from worker.inputs.cloud import PointCloud, clean_cloud
from worker.inputs.errors import InputError
from worker.inputs.kitti_bin import read_kitti_bin
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.npy import read_npy_cloud
from worker.inputs.pcd import read_pcd
from worker.inputs.ply import read_ply
from worker.inputs.raw_cloud import RawCloud
from worker.inputs.source import Source, read_source


def read_point_cloud(source: Source, filename: str, limits: InputLimits = DEFAULT_LIMITS) -> PointCloud:
    """Read one LiDAR sweep.

    Args:
        source: The file, or its bytes.
        filename: Its name; the ending tells the format, `.bin` (KITTI), `.pcd`, `.ply` or `.npy`.
        limits: Bounds checked before anything is allocated.

    Raises:
        InputError: for every file that is not a usable cloud.
    """
    reader = _reader_of(filename)
    raw = reader(read_source(source, limits), limits)
    return clean_cloud(raw.xyz, raw.intensity)


def _reader_of(filename: str) -> Callable[[bytes, InputLimits], RawCloud]:
    name = PurePath(filename).name.lower()
    if name.endswith(".pcd.bin"):
        # 20 bytes a point; read as KITTI rows, coordinates and intensities would be mixed up silently.
        raise InputError(
            "unsupported-point-cloud-format",
            "nuScenes .pcd.bin sweeps (five floats a point) are not read: keep the first four columns and save .bin.",
        )
    readers = {".bin": read_kitti_bin, ".pcd": read_pcd, ".ply": read_ply, ".npy": read_npy_cloud}
    reader = readers.get(PurePath(name).suffix)
    if reader is None:
        raise InputError(
            "unsupported-point-cloud-format",
            f"{PurePath(filename).name!r} is not a supported point cloud: name it *{', *'.join(readers)}.",
        )
    return reader
