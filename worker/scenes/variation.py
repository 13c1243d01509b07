"""Domain randomisation: a configuration of its own for every frame, for networks that learn from rendered scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.scenes.config import CameraConfig, ContentConfig, LidarConfig, LookConfig, RigConfig, SceneConfig

_STREAM = 3


def vary(config: SceneConfig, seed: int, index: int) -> SceneConfig:
    """Return a configuration whose sensors, rig, light, finishes and contents are drawn anew for one frame.

    Args:
        config: gives the width of the image, the resolution of the LiDAR and the label noise.
        seed: of the sequence.
        index: number of the frame in it.
    """
    rng = np.random.default_rng([seed, _STREAM, index])
    return replace(
        config,
        camera=_camera(config.camera, rng),
        lidar=_lidar(config.lidar, rng),
        rig=RigConfig(float(rng.uniform(0.1, 0.9)), mounting_rotation_deg=4.0, varies=True),
        look=_look(rng),
        content=_content(rng),
    )


def _camera(camera: CameraConfig, rng: np.random.Generator) -> CameraConfig:
    """Draw field of view, aspect and noise; the principal point is about the middle."""
    height = round(camera.width * float(rng.choice([0.3, 0.375, 0.45, 0.5])))
    off_centre = rng.normal(0.0, 0.02, 2) * (camera.width, height)
    return replace(
        camera,
        height=height,
        focal_px=camera.width * float(rng.uniform(0.45, 0.85)),
        principal_point_px=(0.5 * camera.width + float(off_centre[0]), 0.5 * height + float(off_centre[1])),
        sensor_noise=float(rng.uniform(0.0, 0.02)),
    )


def _lidar(lidar: LidarConfig, rng: np.random.Generator) -> LidarConfig:
    return replace(
        lidar,
        elevation_top_deg=float(rng.uniform(2.0, 15.0)),
        elevation_bottom_deg=float(rng.uniform(-27.0, -16.0)),
        height_m=float(rng.uniform(1.4, 2.3)),
        range_noise_m=float(rng.uniform(0.005, 0.04)),
        dropout=float(rng.uniform(0.0, 0.1)),
    )


def _look(rng: np.random.Generator) -> LookConfig:
    """Draw anything from noon to a low sun, from a clear to a closed sky."""
    elevation, clouds = float(rng.uniform(8.0, 65.0)), float(rng.uniform(0.0, 1.0))
    stops = float(rng.normal(0.0, 0.5))
    return LookConfig(
        sun_elevation_deg=(elevation, elevation),
        cloudiness=(clouds, clouds),
        haze_per_m=(0.0, float(rng.choice([0.001, 0.006]))),
        exposure_stops=(stops, stops),
        texture_contrast=float(rng.uniform(0.6, 1.8)),
        sun_strength=float(rng.uniform(0.7, 2.2)),
        repaint=float(rng.uniform(0.3, 1.0)),
    )


def _content(rng: np.random.Generator) -> ContentConfig:
    """Draw anything from a dense town to a road through green land."""
    return ContentConfig(
        parked_cars=float(rng.uniform(0.0, 0.95)),
        driving_cars=int(rng.integers(0, 6)),
        trees=float(rng.uniform(0.2, 1.0)),
        pedestrians=int(rng.integers(0, 10)),
        curvature_per_m=float(rng.uniform(0.0, 0.015)),
        grade=float(rng.uniform(0.0, 0.06)),
        houses=float(rng.choice([0.95, 0.7, 0.25])),
        greenery=float(rng.choice([0.5, 1.0, 2.0, 4.0])),
        bush_height_m=(0.6, float(rng.choice([1.7, 3.0, 5.0]))),
    )
