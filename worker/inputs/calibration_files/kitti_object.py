"""`calib/*.txt` of KITTI object detection: P0 to P3, R0_rect and Tr_velo_to_cam."""

from pathlib import Path

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration
from worker.inputs.calibration_files.kitti_text import camera_and_offset, matrix_of, parse_entries
from worker.inputs.calibration_files.structured import read_text
from worker.inputs.calibration_files.values import camera_model, pose, rigid, text_of

_DEFAULT_CAMERA = "P2"


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read camera P2, or the one that is chosen; offset and rectification are folded into the extrinsic."""
    entries, name = parse_entries(read_text(path)), choice.camera or _DEFAULT_CAMERA
    K, offset = camera_and_offset(matrix_of(entries, name, 3, 4, str(path)), str(path))
    rectification = pose(matrix_of(entries, "R0_rect", 3, 3, str(path)), [0, 0, 0])
    T_cam0_lidar = rigid(matrix_of(entries, "Tr_velo_to_cam", 3, 4, str(path)), f"Tr_velo_to_cam of {path}")
    return SensorCalibration(
        camera=camera_model(K, str(path)),
        T_cam_lidar=offset @ rigid(rectification, f"R0_rect of {path}") @ T_cam0_lidar,
        camera_frame=name,
        lidar_frame="velodyne",
    )


def write(calibration: SensorCalibration) -> str:
    """Write one camera as P2, without offset and rectification."""
    what = "KITTI's object calibration"
    projection = np.column_stack([calibration.known_rectified(what).matrix(), np.zeros(3)])
    lines = {"P2": projection, "R0_rect": np.eye(3), "Tr_velo_to_cam": calibration.known_extrinsic(what)[:3]}
    return "".join(f"{name}: {text_of(values)}\n" for name, values in lines.items())
