"""Rendering: what camera and LiDAR record of a scene, with the truth about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.camera import view
from worker.scenes.label_noise import degrade
from worker.scenes.lidar import sweep
from worker.scenes.scene import Scene
from worker.scenes.semantics import Semantic


@dataclass(frozen=True)
class RenderedFrame:
    """One image, one cloud and the truth about both.

    Attributes:
        image: (H, W, 3) uint8, sRGB.
        points: (N, 3) float32, LiDAR frame, metres.
        intensity: (N,) float32, 0..0.99.
        image_labels: (H, W) uint8 Cityscapes train ids.
        point_labels: (N,) uint32 SemanticKITTI ids.
        K: (3, 3) intrinsics, pixels.
        T_cam_lidar: (4, 4), p_cam = T_cam_lidar @ p_lidar, metres.
        depth: (H, W) float32 distance from the camera along each pixel's ray, metres; infinite in the sky.
        scene: what was rendered.
    """

    image: np.ndarray
    points: Floats
    intensity: Floats
    image_labels: Integers
    point_labels: Integers
    K: Floats
    T_cam_lidar: Floats
    depth: Floats
    scene: Scene


def render(scene: Scene) -> RenderedFrame:
    """Return what the scene's rig records."""
    seen, turn = view(scene), sweep(scene)
    rng = np.random.default_rng([scene.seed, scene.index, 13])
    noise = scene.config.label_noise
    pixel_codes = degrade(seen.codes, np.ones(seen.codes.shape, dtype=bool), noise, seen.codes.shape[1] / 30.0, rng)
    point_codes = degrade(turn.codes, turn.returned, noise, turn.codes.shape[1] / 180.0, rng)[turn.returned]
    image_ids = np.array([semantic.image_id for semantic in Semantic], dtype=np.uint8)
    point_ids = np.array([semantic.point_id for semantic in Semantic], dtype=np.uint32)
    return RenderedFrame(
        image=seen.image,
        points=turn.points[turn.returned].astype(np.float32),
        intensity=turn.intensity[turn.returned].astype(np.float32),
        image_labels=image_ids[pixel_codes],
        point_labels=point_ids[point_codes],
        K=scene.rig.K,
        T_cam_lidar=scene.rig.T_cam_lidar,
        depth=seen.depth.astype(np.float32),
        scene=scene,
    )
