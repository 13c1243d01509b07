"""A day of KITTI raw: the folder with `calib_cam_to_cam.txt` and `calib_velo_to_cam.txt`, for the rectified images."""

from pathlib import Path

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.kitti_text import camera_and_offset, matrix_of, parse_entries
from worker.inputs.calibration_files.structured import read_text
from worker.inputs.calibration_files.values import camera_model, image_size, pose, rigid, text_of

CAMERAS, VELODYNE = "calib_cam_to_cam.txt", "calib_velo_to_cam.txt"
_DEFAULT_CAMERA = "image_02"


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the rectified camera image_02, or the one that is chosen, from the folder or either of its two files."""
    folder = path if path.is_dir() else path.parent
    name = choice.camera or _DEFAULT_CAMERA
    number = name.removeprefix("image_")
    cameras = parse_entries(read_text(folder / CAMERAS))
    what = str(folder / CAMERAS)
    if not (len(number) == 2 and number.isdecimal()):
        raise invalid(f"The cameras of KITTI raw are image_00 to image_03, not {name!r}.")
    K, offset = camera_and_offset(matrix_of(cameras, f"P_rect_{number}", 3, 4, what), what)
    rectification = rigid(pose(matrix_of(cameras, "R_rect_00", 3, 3, what), [0, 0, 0]), f"R_rect_00 of {what}")
    velodyne = parse_entries(read_text(folder / VELODYNE))
    what = str(folder / VELODYNE)
    T_cam0_lidar = np.column_stack([matrix_of(velodyne, "R", 3, 3, what), matrix_of(velodyne, "T", 3, 1, what)])
    return SensorCalibration(
        camera=camera_model(K, str(folder / CAMERAS)),
        image_size=_image_size(cameras.get(f"S_rect_{number}", [])),
        T_cam_lidar=offset @ rectification @ rigid(T_cam0_lidar, what),
        camera_frame=f"image_{number}",
        lidar_frame="velodyne",
    )


def write(calibration: SensorCalibration) -> dict[str, str]:
    """Write one camera as image_02, without offset and rectification."""
    what = "KITTI's raw calibration"
    K, extrinsic = calibration.known_rectified(what).matrix(), calibration.known_extrinsic(what)
    cameras = {"R_rect_00": np.eye(3), "P_rect_02": np.column_stack([K, np.zeros(3)])}
    if calibration.image_size is not None:
        cameras["S_rect_02"] = np.array(calibration.image_size)
    velodyne = {"R": extrinsic[:3, :3], "T": extrinsic[:3, 3]}
    return {
        file: "".join(f"{name}: {text_of(values)}\n" for name, values in lines.items())
        for file, lines in ((CAMERAS, cameras), (VELODYNE, velodyne))
    }


def _image_size(words: list[str]) -> tuple[int, int] | None:
    return image_size(words[0], words[1], CAMERAS) if len(words) == 2 else None
