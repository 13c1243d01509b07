"""A calibration with everything in it, and files of every format as their tools write them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.inputs.calibration_files import SensorCalibration
from worker.inputs.camera_model import CameraModel

K = ((701.25, 0.0, 600.5), (0.0, 702.75, 180.25), (0.0, 0.0, 1.0))


def extrinsic(seed: int = 0) -> np.ndarray:
    """Return a T_cam_lidar, the camera looking ahead but for some degrees."""
    generator = np.random.default_rng(seed)
    transform = np.array([[0, -1.0, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    transform[:3, :3] = Rotation.from_rotvec(generator.normal(0, 0.2, 3)).as_matrix() @ transform[:3, :3]
    transform[:3, 3] = generator.normal(0, 0.5, 3)
    return transform


@pytest.fixture
def calibration() -> SensorCalibration:
    """Return a rectified camera of 1241 x 376 pixels on a LiDAR."""
    return SensorCalibration(CameraModel(K=K), (1241, 376), extrinsic(), "camera_front", "lidar_top")


@pytest.fixture
def save(tmp_path: Path):
    """Return a writer of text, or of several files by their names, that returns where they are."""

    def write(text: str | dict[str, str], name: str = "calibration") -> Path:
        path = tmp_path / name
        if isinstance(text, str):
            path.write_text(text)
            return path
        path.mkdir()
        for file, content in text.items():
            (path / file).write_text(content)
        return path

    return write
