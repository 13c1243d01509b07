"""A rendered fisheye is calibrated from its image as it is."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.calibration.calibrate import calibrate
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import Frame
from worker.calibration.transforms import RigidTransform
from worker.cameras import camera_from_model
from worker.inputs.camera_model import CameraModel
from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render
from worker.scenes.semantics import image_class_names, point_class_names
from worker.segmentation import class_table

FISHEYE = CameraConfig(
    width=480,
    height=360,
    focal_px=170.0,
    principal_point_px=(238.0, 181.0),
    antialias=False,
    model="fisheye",
    distortion=(-0.02, 0.004, -0.001, 0.0),
)


@pytest.fixture(scope="module")
def fisheye_frame():
    """Return a frame, its camera as a request names it, and the true extrinsic."""
    config = SceneConfig(camera=FISHEYE, lidar=LidarConfig(num_beams=32, azimuth_step_deg=0.4))
    rendered = render(generate(3, 0, config))
    frame = Frame(
        image_labels=rendered.image_labels,
        image_classes=class_table(image_class_names()),
        points=rendered.points,
        point_labels=rendered.point_labels,
        point_classes=class_table(point_class_names()),
        image=rendered.image,
        intensity=rendered.intensity,
        name="fisheye",
    )
    K = tuple(tuple(row) for row in rendered.K.tolist())
    model = CameraModel(model="fisheye", K=K, distortion=FISHEYE.distortion)
    return frame, model, rendered.T_cam_lidar


def test_a_fisheye_is_calibrated_as_it_is(fisheye_frame):
    """From four degrees off to well under one, with the image as the lens bent it."""
    frame, model, true = fisheye_frame
    initial = np.eye(4)
    initial[:3, :3] = Rotation.from_euler("xyz", (2, -3, 2), degrees=True).as_matrix()
    config = CalibrationConfig(prior=Prior(rotation_deg=5.0, translation_m=0.05), seed=0)
    camera = camera_from_model(model, FISHEYE.width, FISHEYE.height)
    result = calibrate([frame], camera, RigidTransform.from_matrix(initial @ true), config)
    error = Rotation.from_matrix(result.T_cam_lidar[:3, :3] @ true[:3, :3].T).magnitude()
    assert np.degrees(error) < 0.6
