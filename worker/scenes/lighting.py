"""Light: sun, sky, haze, and the shading of what a camera sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.config import LookConfig
from worker.scenes.materials.base import Appearance, Colour
from worker.scenes.noise import Noise, step


@dataclass(frozen=True)
class Light:
    """The light of a scene, linear and relative to white paper in full sun.

    Attributes:
        to_sun: (3,) unit vector, world frame.
        sun: colour of direct light.
        zenith: colour of the sky overhead.
        horizon: colour of the sky at the horizon, and of haze.
        clouds: share of the sky under cloud.
        haze_per_m: extinction.
        exposure: factor before the tone curve.
    """

    to_sun: Floats
    sun: Colour
    zenith: Colour
    horizon: Colour
    clouds: float
    haze_per_m: float
    exposure: float


def draw_light(look: LookConfig, rng: np.random.Generator) -> Light:
    """Return the light of a random hour and weather."""
    elevation = np.deg2rad(rng.uniform(*look.sun_elevation_deg))
    azimuth = rng.uniform(-np.pi, np.pi)
    to_sun = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    clouds = float(rng.uniform(*look.cloudiness))
    warmth = float(np.clip(1.0 - np.sin(elevation) / 0.8, 0.0, 1.0))
    strength = 2.5 * look.sun_strength * float(np.clip(1.9 - 2.0 * clouds, 0.0, 1.0))
    sun = (strength, strength * (0.96 - 0.1 * warmth), strength * (0.88 - 0.26 * warmth))
    grey = float(np.clip(2.0 * clouds - 0.9, 0.0, 1.0))
    zenith = _mix((0.09, 0.25, 0.68), (0.62, 0.66, 0.72), grey)
    horizon = _mix((0.52, 0.70, 0.95), (0.80, 0.82, 0.85), grey)
    exposure = float(2.0 ** rng.uniform(*look.exposure_stops)) * (0.85 + 0.25 * grey)
    return Light(to_sun, sun, zenith, horizon, clouds, float(rng.uniform(*look.haze_per_m)), exposure)


def sky_colour(light: Light, directions: Floats, noise: Noise) -> Floats:
    """Return the radiance (n, 3) of the sky in directions (n, 3), with clouds and the glow about the sun."""
    up = np.maximum(directions[:, 2], 0.0)
    share = (1.0 - np.exp(-4.5 * up))[:, None]
    sky = np.asarray(light.horizon) + (np.asarray(light.zenith) - np.asarray(light.horizon)) * share
    plane = directions[:, :2] / (up + 0.12)[:, None]
    billows = noise.fractal(plane[:, 0] * 1.1 + 3.0, plane[:, 1] * 1.1, 6)
    wisps = noise.fractal(plane[:, 0] * 4.1, plane[:, 1] * 1.3 + 9.0, 4)
    cover = np.clip((billows + 0.2 * wisps - 0.86 + 0.6 * light.clouds) * 6.0, 0.0, 1.0) * np.clip(up * 12.0, 0.0, 1.0)
    towards = np.maximum(directions @ light.to_sun, 0.0)
    white = (0.95 + 0.35 * wisps + 0.25 * towards**8)[:, None] * np.array([1.0, 1.0, 1.02])
    sky = sky + (white - sky) * (0.85 * cover)[:, None]
    glow = (0.22 * towards**6 + 0.8 * towards**120)[:, None] * np.asarray(light.sun) / 2.5
    return (sky + glow).astype(np.float32)


def shade(
    look: Appearance,
    normals: Floats,
    directions: Floats,
    *,
    distances: Floats,
    sunlit: Floats,
    light: Light,
    noise: Noise,
) -> Floats:
    """Return the radiance (n, 3) that reaches the camera from places with a given appearance.

    Args:
        look: appearance of the n places.
        normals: (n, 3) unit, world frame.
        directions: (n, 3) unit, from the camera to the places.
        distances: (n,) metres.
        sunlit: (n,) 1 in the sun, 0 in shadow.
        light: the light.
        noise: of the street that shiny things mirror.
    """
    bumped = normals + 0.5 * look.bump
    bumped /= np.maximum(np.linalg.norm(bumped, axis=1, keepdims=True), 1e-6)
    lambert = bumped @ light.to_sun.astype(np.float32)
    direct = np.maximum(lambert, 0.0) + look.glow * np.maximum(-lambert, 0.0)
    direct = np.where(look.glow > 0, 0.35 * look.glow + (1 - 0.35 * look.glow) * direct, direct) * sunlit
    overhead = (0.5 + 0.5 * bumped[:, 2])[:, None]
    # Clouds and the street itself make the light of the sky less blue than the sky.
    sky = np.asarray(_mix(_mix(light.zenith, light.horizon, 0.6), (0.66, 0.65, 0.63), 0.5), dtype=np.float32)
    bounce = 0.13 * np.asarray(light.sun, dtype=np.float32) + 0.22 * sky
    ambient = (bounce + (0.95 * sky - bounce) * overhead) * look.exposure[:, None]
    radiance = look.albedo * (ambient + direct[:, None] * np.asarray(light.sun, dtype=np.float32))
    radiance += _reflection(look, bumped, directions, sunlit=sunlit, light=light, noise=noise)
    veil = (1.0 - np.exp(-light.haze_per_m * distances))[:, None]
    return radiance + (np.asarray(light.horizon, dtype=np.float32) - radiance) * veil


def _reflection(
    look: Appearance, normals: Floats, directions: Floats, *, sunlit: Floats, light: Light, noise: Noise
) -> Floats:
    """Return the mirrored sky, street and sun; Fresnel after Schlick (1994)."""
    result = np.zeros((len(normals), 3), dtype=np.float32)
    rows = np.flatnonzero(look.gloss > 0.005)
    if len(rows) == 0:
        return result
    normal, view, gloss = normals[rows], directions[rows], look.gloss[rows]
    facing = -np.einsum("ij,ij->i", view, normal)
    mirrored = view + 2.0 * facing[:, None] * normal
    fresnel = gloss + (0.9 - gloss) * (1.0 - np.clip(facing, 0.0, 1.0)) ** 5 * np.minimum(gloss * 18.0, 1.0)
    # A row of houses stands around the street up to some 15 degrees; above it the sky is mirrored.
    above = step(mirrored[:, 2] - 0.2, 0.3)[:, None]
    sky_share = (1.0 - np.exp(-2.5 * np.maximum(mirrored[:, 2], 0.0)))[:, None]
    horizon, zenith = np.asarray(light.horizon), np.asarray(light.zenith)
    billows = noise.plane(*(1.7 * mirrored[:, :2] / (np.abs(mirrored[:, 2:]) + 0.25)).T)[:, None]
    sky = horizon + (zenith - horizon) * sky_share
    sky = sky + (1.0 - sky) * np.clip(2.2 * (billows + 0.5 * light.clouds) - 1.1, 0.0, 0.8)
    bearing = np.arctan2(mirrored[:, 1], mirrored[:, 0])
    blocks = noise.plane(bearing * 5.0, 4.0 * mirrored[:, 2])[:, None]
    street = 0.5 * horizon * blocks**2 * np.array([1.0, 0.95, 0.86])
    scene = street + (sky - street) * above
    glint = np.clip(mirrored @ light.to_sun, 0.0, 1.0) ** 350 * 14.0 * sunlit[rows]
    result[rows] = fresnel[:, None] * (scene + glint[:, None] * np.asarray(light.sun))
    return result


def develop(radiance: Floats, exposure: float) -> Floats:
    """Return sRGB values (n, 3) in 0..1 of radiances: a filmic curve (Narkowicz 2015), then the sRGB transfer."""
    x = radiance * np.float32(exposure)
    filmic = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)
    return np.where(filmic <= 0.0031308, 12.92 * filmic, 1.055 * np.power(filmic, 1 / 2.4) - 0.055)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    r, g, blue = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return r, g, blue
