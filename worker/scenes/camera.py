"""The camera: one ray through the centre of each pixel, four more where an edge passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.caster import Hits, cast, occluded
from worker.scenes.charts import ParallelChart, PinholeChart, SphericalChart
from worker.scenes.lighting import develop, shade, sky_colour
from worker.scenes.rays import Rays
from worker.scenes.rig import camera_model, inverse
from worker.scenes.scene import Scene
from worker.scenes.solids import rotation_to
from worker.scenes.surfaces import classes, places

_SUBPIXELS = np.array([(-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125)])
"""A rotated grid of four samples in a pixel."""

_OPTICAL_BODY = np.array([[0.0, -1.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
"""From x forward, y left, z up, in which azimuth and elevation are told, to x right, y down, z forward."""


@dataclass(frozen=True)
class CameraView:
    """What the camera sees.

    Attributes:
        image: (H, W, 3) uint8, sRGB.
        codes: (H, W) class codes at the pixel centres.
        depth: (H, W) float32 distance along the ray in metres, infinite in the sky.
    """

    image: np.ndarray
    codes: Integers
    depth: Floats


def view(scene: Scene) -> CameraView:
    """Return image, classes and depth from the scene's camera."""
    camera = scene.config.camera
    shape = (camera.height, camera.width)
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    centres = np.column_stack([u.ravel(), v.ravel()]).astype(np.float64)
    rays = _pixel_rays(scene, centres)
    hits = cast(rays, scene.solids, scene.ground)
    codes = classes(rays, hits, scene)
    radiance, sunlit = _radiance(scene, rays, hits)
    colours = develop(radiance, scene.light.exposure)
    if camera.antialias:
        edges = np.flatnonzero(_edges(hits, codes, sunlit, shape))
        colours[edges] = _antialiased(scene, centres[edges])
    return CameraView(_expose(scene, colours.reshape(*shape, 3)), codes.reshape(shape), hits.distances.reshape(shape))


def _pixel_rays(scene: Scene, pixels: Floats) -> Rays:
    T_world_cam = scene.T_world_lidar @ inverse(scene.rig.T_cam_lidar)
    origin = T_world_cam[:3, 3][None].astype(np.float32)
    K = scene.rig.K
    model = camera_model(scene.config, K)
    if model.model == "pinhole" and not model.coefficients():
        ahead = np.column_stack([(pixels - K[:2, 2]) / np.diag(K)[:2], np.ones(len(pixels))])
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        directions = (ahead @ T_world_cam[:3, :3].T).astype(np.float32)
        return Rays(origin, directions, pixels, PinholeChart(K, inverse(T_world_cam)))
    ahead = _bent_rays(scene, pixels)
    directions = (ahead @ T_world_cam[:3, :3].T).astype(np.float32)
    x, y, z = ahead.T
    angles = np.column_stack([np.arctan2(-x, z), np.arcsin(np.clip(-y, -1.0, 1.0))])
    return Rays(origin, directions, angles, SphericalChart(inverse(T_world_cam @ _OPTICAL_BODY)))


def _bent_rays(scene: Scene, pixels: Floats) -> Floats:
    """Return the unit rays (n, 3), camera frame, through the pixels (n, 2) of any camera but an ideal pinhole."""
    # The renderer itself needs no torch.
    from worker.cameras import camera_from_model  # noqa: PLC0415

    config = scene.config.camera
    camera = camera_from_model(camera_model(scene.config, scene.rig.K), config.width, config.height)
    rays, seen = camera.unproject(*pixels.T)
    if not seen.all():
        raise ValueError("the camera model does not reach every pixel of the image: choose a longer focal length")
    return rays.T


def _radiance(scene: Scene, rays: Rays, hits: Hits) -> tuple[Floats, Floats]:
    """Return the radiance (n, 3) along rays, and which of the places they meet lie in the sun, (n,)."""
    found = places(rays, hits, scene, 1.0 / scene.config.camera.focal_px)
    radiance = np.zeros((len(rays), 3), dtype=np.float32)
    sunlit = np.ones(len(rays), dtype=np.float32)
    directions, distances = rays.directions[found.rows], hits.distances[found.rows]
    lit = _in_sun(scene, found.world, found.normals, found.look.glow)
    sunlit[found.rows] = lit
    radiance[found.rows] = shade(
        found.look, found.normals, directions, distances=distances, sunlit=lit, light=scene.light, noise=scene.noise
    )
    sky = np.flatnonzero(~np.isfinite(hits.distances))
    radiance[sky] = sky_colour(scene.light, rays.directions[sky], scene.noise)
    return radiance, sunlit


def _in_sun(scene: Scene, world: Floats, normals: Floats, glow: Floats) -> Floats:
    """Return 1 where a place sees the sun and 0 in shadow, (n,)."""
    light = scene.light
    lit = np.ones(len(world), dtype=np.float32)
    rows = np.flatnonzero((normals @ light.to_sun > 0) | (glow > 0))
    to_sun = light.to_sun[None].astype(np.float32)
    start = world[rows] + 0.02 * normals[rows] + 0.03 * to_sun
    axes = rotation_to(light.to_sun)[:, :2]
    rays = Rays(start.astype(np.float32), to_sun, start @ axes, ParallelChart(axes))
    lit[rows[occluded(rays, scene.solids)]] = 0.0
    return lit


def _edges(hits: Hits, codes: Integers, sunlit: Floats, shape: tuple[int, int]) -> np.ndarray:
    """Return the pixels (H * W,) beside which owner, class, shadow or depth changes."""
    edge = np.zeros(shape, dtype=bool)
    nearness = 1.0 / hits.distances.reshape(shape)
    for values in (hits.owners.reshape(shape), codes.reshape(shape), sunlit.reshape(shape)):
        _mark(edge, values[1:] != values[:-1], values[:, 1:] != values[:, :-1])
    jump = 0.03
    down = np.abs(np.diff(nearness, axis=0)) > jump * nearness[1:] + 1e-4
    right = np.abs(np.diff(nearness, axis=1)) > jump * nearness[:, 1:] + 1e-4
    _mark(edge, down, right)
    return edge.ravel()


def _mark(edge: np.ndarray, down: np.ndarray, right: np.ndarray) -> None:
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= right
    edge[:, :-1] |= right


def _antialiased(scene: Scene, pixels: Floats) -> Floats:
    """Return colours (n, 3), the means of four rays through each pixel."""
    samples = (pixels[:, None, :] + _SUBPIXELS).reshape(-1, 2)
    rays = _pixel_rays(scene, samples)
    radiance, _ = _radiance(scene, rays, cast(rays, scene.solids, scene.ground))
    return develop(radiance, scene.light.exposure).reshape(-1, len(_SUBPIXELS), 3).mean(axis=1)


def _expose(scene: Scene, colours: Floats) -> np.ndarray:
    """Return the image (H, W, 3) uint8: vignette and photon noise on sRGB colours."""
    height, width, _ = colours.shape
    rng = np.random.default_rng([scene.seed, scene.index, 11])
    v, u = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
    vignette = 1.0 - 0.09 * (u * u + 0.3 * v * v)
    noise = rng.normal(0.0, scene.config.camera.sensor_noise, colours.shape) * np.sqrt(0.3 + colours)
    return np.clip(np.rint(255.0 * (colours * vignette[..., None] + noise)), 0, 255).astype(np.uint8)
