"""Little-endian float32 rows without a header: KITTI's `.bin` and nuScenes' `.pcd.bin`."""

import numpy as np

from worker.inputs.limits import InputLimits
from worker.inputs.raw_cloud import RawCloud, check_point_count, invalid_cloud
from worker.inputs.source import Data

# So many negative intensities are no noise: coordinates stand in their place. Some drivers write -1 for unknown.
_LEAST_INTENSITY, _MOST_BELOW = -1.0, 0.01


def read_kitti_bin(data: Data, limits: InputLimits) -> RawCloud:
    """Read KITTI Velodyne points: x, y, z, intensity.

    Raises:
        InputError: `invalid-point-cloud`, `empty-point-cloud` or `too-many-points`.
    """
    return _read_rows(data, 4, "KITTI .bin", "x, y, z, intensity", limits)


def read_nuscenes_bin(data: Data, limits: InputLimits) -> RawCloud:
    """Read a nuScenes sweep: x, y, z, intensity, ring.

    Raises:
        InputError: `invalid-point-cloud`, `empty-point-cloud` or `too-many-points`.
    """
    return _read_rows(data, 5, "nuScenes .pcd.bin", "x, y, z, intensity, ring", limits)


def _read_rows(data: Data, num_columns: int, name: str, columns: str, limits: InputLimits) -> RawCloud:
    row_bytes = 4 * num_columns
    if len(data) % row_bytes:
        raise invalid_cloud(
            f"A {name} cloud holds {row_bytes} bytes a point (float32 {columns}), but {len(data)} bytes are not a "
            f"multiple of {row_bytes}: the file is truncated or has other fields. Send the whole file, or use .pcd, "
            ".ply or .npy."
        )
    check_point_count(len(data) // row_bytes, limits)
    rows = np.frombuffer(data, dtype="<f4").reshape(-1, num_columns)
    # Nothing else tells: rows of any other kind also fill whole rows of this one, and would be calibrated as noise.
    below = float(np.mean(rows[:, 3] < _LEAST_INTENSITY))
    if below > _MOST_BELOW:
        raise invalid_cloud(
            f"Read as {name}, float32 {columns}, {below:.0%} of the intensities are negative: the points have other "
            "fields or another type. Name nuScenes sweeps *.pcd.bin, KITTI's *.bin, and save others as .pcd, .ply or "
            ".npy."
        )
    return RawCloud(xyz=rows[:, :3], intensity=rows[:, 3])
