"""A small rendered frame with exact labels, and the street, as the tables take them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.bench.accuracy import euler_error_deg, pose_error
from worker.bench.frames import BenchFrame, SegmentationCache
from worker.bench.paper.data_set import DataSet, PaperFrame, load_paper_frame
from worker.inputs.frame_folder import FrameFolder
from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render, write_frame

SMALL = SceneConfig(
    camera=CameraConfig(width=320, height=100, focal_px=185.0, principal_point_px=(157.0, 48.0)),
    lidar=LidarConfig(num_beams=32, azimuth_step_deg=0.6),
)


@pytest.fixture(scope="session")
def rendered_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of one rendered frame folder."""
    folder = tmp_path_factory.mktemp("rendered")
    write_frame(folder / "scene_000000", render(generate(seed=1, index=0, config=SMALL)))
    return folder


@pytest.fixture(scope="session")
def rendered_frame(rendered_folder: Path) -> PaperFrame:
    """Return the rendered frame with its exact labels."""
    folder = FrameFolder(rendered_folder / "scene_000000")
    cache = SegmentationCache(None)
    return load_paper_frame(folder, cache, image_model=None, cloud_model=None, labels=rendered_folder)


@pytest.fixture(scope="session")
def street_frame(street) -> Callable[..., PaperFrame]:
    """Return what makes the street, every tenth point of it, a frame of any data set."""

    def frame(data_set: DataSet, name: str = "street", source: str = "", **changes) -> PaperFrame:
        every_tenth = {key: getattr(street.frame, key)[::10] for key in ("points", "point_labels")}
        labelled = replace(street.frame, name=name, **(every_tenth | changes))
        return PaperFrame(BenchFrame(labelled, street.image, street.camera, street.T_cam_lidar, 0.0), data_set, source)

    return frame


@pytest.fixture
def record() -> Callable[..., dict]:
    """Return what makes the record of a job that ended so many degrees of yaw off, from so many."""

    def job(frame: str, error_deg: float, start_deg: float = 5.0, outcome: str = "converged") -> dict:
        truth, estimate = np.eye(4), np.eye(4)
        estimate[:3, :3] = Rotation.from_euler("z", error_deg, degrees=True).as_matrix()
        return {
            "frames": [frame],
            "initial_rotation_error_deg": start_deg,
            "rotation_error_deg": pose_error(estimate, truth)[0],
            "euler_error_deg": euler_error_deg(estimate, truth),
            "camera_center_error_m": 0.0,
            "estimate_T_cam_lidar": estimate.tolist(),
            "outcome": outcome,
            "verdict": None,
            "seconds": {"segmentation": 0.0, "calibration": 1.0},
        }

    return job
