"""The rig: intrinsics of the camera, and where it is mounted relative to the LiDAR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from worker.inputs.camera_model import CameraModel
from worker.scenes.arrays import Floats
from worker.scenes.config import SceneConfig

_OPTICAL_FROM_LIDAR = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""Rotation from x forward, y left, z up to x right, y down, z forward."""


@dataclass(frozen=True)
class Rig:
    """A camera and a LiDAR, rigidly joined.

    Attributes:
        K: (3, 3) intrinsics, pixels; the centre of the top-left pixel is (0, 0).
        T_cam_lidar: (4, 4), p_cam = T_cam_lidar @ p_lidar, metres.
    """

    K: Floats
    T_cam_lidar: Floats


def draw_rig(config: SceneConfig, rng: np.random.Generator) -> Rig:
    """Return a rig: the camera looks ahead, in front of and below the LiDAR, a little off in every respect."""
    camera = config.camera
    u0, v0 = camera.principal_point_px
    K = np.array([[camera.focal_px, 0.0, u0], [0.0, camera.focal_px, v0], [0.0, 0.0, 1.0]])
    towards = np.array([1.0, rng.uniform(-0.35, 0.35), rng.uniform(-0.4, -0.1)])
    centre = config.rig.baseline_m * towards / np.linalg.norm(towards)
    limit = config.rig.mounting_rotation_deg
    mounting = Rotation.from_euler("xyz", rng.uniform(-limit, limit, 3), degrees=True).as_matrix()
    T_cam_lidar = np.eye(4)
    T_cam_lidar[:3, :3] = mounting @ _OPTICAL_FROM_LIDAR
    T_cam_lidar[:3, 3] = -T_cam_lidar[:3, :3] @ centre
    return Rig(K, T_cam_lidar)


def camera_model(config: SceneConfig, K: Floats) -> CameraModel:
    """Return the camera as a request names it."""
    camera = config.camera
    (fx, skew, cx), (_, fy, cy), _ = K.tolist()
    return CameraModel(
        model=camera.model,
        K=((fx, skew, cx), (0.0, fy, cy), (0.0, 0.0, 1.0)),
        distortion=camera.distortion,
        xi=camera.xi,
        alpha=camera.alpha,
    )


def inverse(transform: Floats) -> Floats:
    """Return the inverse of a rigid transform (4, 4)."""
    result = np.eye(4)
    result[:3, :3] = transform[:3, :3].T
    result[:3, 3] = -transform[:3, :3].T @ transform[:3, 3]
    return result
