"""`calib.txt` of KITTI odometry: projections P0 to P3 of rectified cameras, and Tr from Velodyne to camera 0."""

from pathlib import Path

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration
from worker.inputs.calibration_files.kitti_text import camera_and_offset, matrix_of, parse_entries
from worker.inputs.calibration_files.structured import read_text
from worker.inputs.calibration_files.values import camera_model, rigid, text_of

_DEFAULT_CAMERA = "P2"


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read camera P2, or the one that is chosen; its offset from camera 0 is folded into the extrinsic."""
    entries, name = parse_entries(read_text(path)), choice.camera or _DEFAULT_CAMERA
    K, offset = camera_and_offset(matrix_of(entries, name, 3, 4, str(path)), f"{path}")
    T_rectified_lidar = rigid(matrix_of(entries, "Tr", 3, 4, str(path)), f"Tr of {path}")
    return SensorCalibration(
        camera=camera_model(K, str(path)),
        T_cam_lidar=offset @ T_rectified_lidar,
        camera_frame=name,
        lidar_frame="velodyne",
    )


def write(calibration: SensorCalibration) -> str:
    """Write one camera as P2, without an offset."""
    what = "KITTI's calib.txt"
    projection = np.column_stack([calibration.known_rectified(what).matrix(), np.zeros(3)])
    return f"P2: {text_of(projection)}\nTr: {text_of(calibration.known_extrinsic(what)[:3])}\n"
