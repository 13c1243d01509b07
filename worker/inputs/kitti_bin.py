"""KITTI's `.bin`: little-endian float32 rows x, y, z, intensity, without a header."""

import numpy as np

from worker.inputs.limits import InputLimits
from worker.inputs.raw_cloud import RawCloud, check_point_count, invalid_cloud

_ROW_BYTES = 16


def read_kitti_bin(data: bytes, limits: InputLimits) -> RawCloud:
    """Read KITTI Velodyne points.

    Raises:
        InputError: `invalid-point-cloud`, `empty-point-cloud` or `too-many-points`.
    """
    if len(data) % _ROW_BYTES:
        raise invalid_cloud(
            f"A KITTI .bin cloud holds 16 bytes a point (float32 x, y, z, intensity), but {len(data)} bytes are not a "
            "multiple of 16: the file is truncated or has other fields. Send the whole file, or use .pcd, .ply or .npy."
        )
    check_point_count(len(data) // _ROW_BYTES, limits)
    rows = np.frombuffer(data, dtype="<f4").reshape(-1, 4)
    return RawCloud(xyz=rows[:, :3], intensity=rows[:, 3])
