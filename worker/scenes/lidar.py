"""The LiDAR: a spinning stack of beams, its range noise, lost returns and intensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.caster import Hits, cast
from worker.scenes.charts import SphericalChart
from worker.scenes.rays import Rays
from worker.scenes.rig import inverse
from worker.scenes.scene import Scene
from worker.scenes.surfaces import classes, places


@dataclass(frozen=True)
class Sweep:
    """One turn of the LiDAR, as a grid of beams (highest first) by azimuths (from straight ahead, to the left).

    Attributes:
        points: (B, A, 3) float64, LiDAR frame, metres; meaningless where nothing came back.
        intensity: (B, A) 0..1.
        codes: (B, A) class codes of what each ray met.
        returned: (B, A) where a return came back.
    """

    points: Floats
    intensity: Floats
    codes: Integers
    returned: Mask


def sweep(scene: Scene) -> Sweep:
    """Return one turn of the scene's LiDAR."""
    lidar = scene.config.lidar
    rng = np.random.default_rng([scene.seed, scene.index, 12])
    elevations = np.deg2rad(np.linspace(lidar.elevation_top_deg, lidar.elevation_bottom_deg, lidar.num_beams))
    azimuths = np.deg2rad(np.arange(0.0, 360.0 - 1e-9, lidar.azimuth_step_deg))
    shape = (len(elevations), len(azimuths))
    elevation, azimuth = (grid.ravel() for grid in np.meshgrid(elevations, azimuths, indexing="ij"))
    level = np.cos(elevation)
    local = np.column_stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
    wrapped = (azimuth + np.pi) % (2 * np.pi) - np.pi
    T = scene.T_world_lidar
    directions = (local @ T[:3, :3].T).astype(np.float32)
    chart = SphericalChart(inverse(T))
    rays = Rays(T[:3, 3][None].astype(np.float32), directions, np.column_stack([wrapped, elevation]), chart)
    hits = cast(rays, scene.solids, scene.ground)
    intensity = _intensity(scene, rays, hits)
    measured = hits.distances + rng.normal(0.0, lidar.range_noise_m, len(rays))
    returned = (measured > lidar.min_range_m) & (measured < lidar.max_range_m) & np.isfinite(hits.distances)
    returned &= rng.random(len(rays)) > _loss(intensity, hits.distances, lidar.max_range_m, lidar.dropout)
    points = local * np.where(returned, measured, 0.0)[:, None]
    noisy = np.clip(intensity * rng.normal(1.0, 0.15, len(rays)) + rng.normal(0.0, 0.02, len(rays)), 0.0, 0.99)
    return Sweep(
        points.reshape(*shape, 3),
        noisy.reshape(shape),
        classes(rays, hits, scene).reshape(shape),
        returned.reshape(shape),
    )


def _intensity(scene: Scene, rays: Rays, hits: Hits) -> Floats:
    """Return the intensity (n,) of each return: reflectance, a little less where the beam grazes."""
    found = places(rays, hits, scene, np.deg2rad(scene.config.lidar.azimuth_step_deg))
    incidence = np.abs(np.einsum("ij,ij->i", found.normals, rays.directions[found.rows]))
    intensity = np.zeros(len(rays))
    intensity[found.rows] = found.look.reflectance * (0.8 + 0.2 * incidence)
    return intensity


def _loss(intensity: Floats, distances: Floats, reach: float, dropout: float) -> Floats:
    """Return the probability (n,) that no return comes back: high on glass, rising with the distance."""
    faint = np.clip(0.12 - intensity, 0.0, 0.12) / 0.12
    far = np.clip(distances / reach, 0.0, 1.0)
    return np.clip(dropout + 0.6 * faint**2 + 0.35 * far**2 * (0.4 + faint), 0.0, 0.95)
