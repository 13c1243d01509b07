"""Frames through lenses that bend: what the image shows is where the core's camera projects it."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from worker.calibration.transforms import RigidTransform
from worker.cameras import camera_from_model
from worker.inputs.frame_folder import FrameFolder
from worker.scenes import CameraConfig, RenderedFrame, SceneConfig, generate, render, write_frame

WIDE = CameraConfig(width=320, height=240, focal_px=110.0, principal_point_px=(157.0, 121.0), antialias=False)
CAMERAS = {
    "plumb_bob": dataclasses.replace(WIDE, focal_px=190.0, distortion=(-0.25, 0.06, 0.001, -0.001, 0.0)),
    "fisheye": dataclasses.replace(WIDE, model="fisheye", distortion=(-0.01, 0.003, -0.001, 0.0)),
    "omnidirectional": dataclasses.replace(WIDE, focal_px=260.0, model="omnidirectional", xi=1.4),
    "double_sphere": dataclasses.replace(WIDE, model="double_sphere", xi=-0.2, alpha=0.55),
}


@pytest.fixture(scope="module", params=CAMERAS)
def bent(request: pytest.FixtureRequest, small_config: SceneConfig) -> RenderedFrame:
    """Return a frame of each camera model, with exact ranges."""
    lidar = dataclasses.replace(small_config.lidar, range_noise_m=0.0)
    config = dataclasses.replace(small_config, camera=CAMERAS[request.param], lidar=lidar)
    return render(generate(7, 0, config))


def test_labels_agree_through_the_true_extrinsic(bent: RenderedFrame, tmp_path: Path) -> None:
    """A point the camera sees too has the class of its pixel, with the camera that the folder states."""
    write_frame(tmp_path, bent)
    folder = FrameFolder(tmp_path)
    height, width = bent.image_labels.shape
    camera = camera_from_model(folder.camera, width, height)
    points = RigidTransform.from_matrix(folder.T_cam_lidar).apply(torch.from_numpy(bent.points.T.astype(float)))
    u, v, in_view = (values.numpy() for values in camera.project(points))
    u, v = np.rint(u[in_view]).astype(int), np.rint(v[in_view]).astype(int)
    distance = points.norm(dim=0).numpy()[in_view]
    labels = bent.image_labels
    border = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
    same_surface = (np.abs(bent.depth[v, u] - distance) < 0.02 * distance) & ~border[v, u]
    assert same_surface.sum() > 500
    names, point_names = folder.image_classes(), folder.point_classes()
    pairs = zip(labels[v, u][same_surface], bent.point_labels[in_view][same_surface], strict=True)
    same = [
        names[int(a)].replace("-", " ") == point_names[int(b)].replace("-", " ").replace("trunk", "vegetation")
        for a, b in pairs
    ]
    assert np.mean(same) > 0.995


def test_kitti_has_no_place_for_a_bent_lens(bent: RenderedFrame, tmp_path: Path) -> None:
    """No `calib.txt` is written that would leave the distortion out."""
    write_frame(tmp_path, bent)
    assert not (tmp_path / "calib.txt").exists()
    assert {"distortion", "xi"} & set(json.loads((tmp_path / "gt.json").read_text()))


def test_an_image_wider_than_the_model_is_refused(small_config: SceneConfig) -> None:
    """There is nothing to show where the model does not reach."""
    camera = dataclasses.replace(WIDE, focal_px=60.0, distortion=(-0.25, 0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="does not reach every pixel"):
        render(generate(7, 0, dataclasses.replace(small_config, camera=camera)))
