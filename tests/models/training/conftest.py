"""Two small rendered frames to learn from."""

from pathlib import Path

import pytest

from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render, vary, write_frame


@pytest.fixture(scope="session")
def rendered_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two varied frames, 160 pixels wide."""
    folder = tmp_path_factory.mktemp("rendered")
    config = SceneConfig(camera=CameraConfig().scaled_to(160), lidar=LidarConfig(num_beams=4, azimuth_step_deg=2.0))
    for index in range(2):
        write_frame(folder / f"scene_{index:06d}", render(generate(3, index, vary(config, 3, index))))
    return folder
