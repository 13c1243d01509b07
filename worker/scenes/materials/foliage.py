"""Leaves: holes between them, and their light and dark greens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Mask
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint, tinted
from worker.scenes.noise import Noise, detail

_SKEWED = np.array([[0.58, 0.58, 0.58], [0.71, -0.71, 0.0], [0.41, 0.41, -0.82]], dtype=np.float32)
"""Turns the grid that leaves are drawn on, so that no surface of a plant lies along it."""


@dataclass(frozen=True)
class LeafGaps:
    """The holes in a crown: a fixed pattern in the world, the same for every sensor.

    Attributes:
        noise: the noise of the scene.
        density: share of leaves, roughly, 0..1.
        cluster: size of a bunch of leaves, metres.
    """

    noise: Noise
    density: float
    cluster: float = 0.4

    def __call__(self, points: Floats) -> Mask:
        """Return where there are leaves, (n,), at world points (n, 3)."""
        scaled = points.astype(np.float32) / np.float32(self.cluster)
        leaves = 0.5 * self.noise.volume(scaled) + 0.5 * self.noise.volume(scaled * 4.3 + 11.0)
        boughs = self.noise.volume(scaled * 0.3 + 29.0)
        return leaves + 0.4 * (boughs - 0.5) > 0.74 - 0.48 * self.density


@dataclass(frozen=True)
class Foliage:
    """Leaves lit from outside, dark inside the crown.

    Attributes:
        colour: linear colour of a leaf.
        accent: linear colour of some bunches.
        centre: (3,) middle of the crown in the world, metres.
        radius: of the crown, metres; deeper inside it gets darker.
    """

    colour: Colour
    accent: Colour
    centre: tuple[float, float, float]
    radius: float

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        world, noise = surface.world, surface.noise
        warped = world @ _SKEWED.T * 15.0 + noise.volume(world * 19.0)[:, None]
        leaf = [np.floor(warped[:, axis]).astype(np.int64) for axis in range(3)]
        near = detail(surface.pixel, 0.12)
        fine = (noise.cells(*leaf) - 0.5) * near
        bunch = noise.volume(world * 3.7) - 0.5
        depth = np.linalg.norm(world - np.asarray(self.centre, dtype=np.float32), axis=1) / self.radius
        brightness = 1.0 + surface.contrast * (1.1 * fine + 0.9 * bunch)
        share = np.clip(4.0 * (noise.volume(world * 0.9 + 5.0) - 0.45), 0.0, 1.0)
        albedo = paint(tinted(self.colour, brightness), self.accent, 0.5 * share)
        albedo *= np.clip(brightness, 0.35, 1.6)[:, None]
        bump = np.column_stack([noise.volume(world * 6.0 + shift) - 0.5 for shift in (3.0, 23.0, 43.0)])
        tilt = np.column_stack([noise.cells(*leaf[::-1], leaf[axis]) - 0.5 for axis in range(3)])
        bump += 0.7 * tilt * near[:, None]
        inside = np.clip(0.25 + 0.85 * depth, 0.25, 1.0)
        return appearance(
            albedo, bump=1.6 * bump, exposure=inside, reflectance=0.33 + 0.25 * bunch, glow=0.35, gloss=0.015
        )


@dataclass(frozen=True)
class FarWood:
    """A wood on the horizon, in which only whole crowns can be told apart.

    Attributes:
        colour: linear.
        accent: linear colour of some trees.
    """

    colour: Colour
    accent: Colour

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        crowns = surface.world / 5.0
        tree = surface.noise.volume(crowns)
        leaves = surface.noise.volume(crowns * 4.7) - 0.5
        brightness = 0.35 + 0.9 * tree + 0.5 * leaves
        share = np.clip(5.0 * (surface.noise.volume(crowns * 0.7 + 5.0) - 0.5), 0.0, 1.0)
        albedo = paint(tinted(self.colour, brightness), self.accent, 0.4 * share)
        bump = np.column_stack([surface.noise.volume(crowns * 1.3 + shift) - 0.5 for shift in (3.0, 23.0, 43.0)])
        return appearance(albedo, bump=3.0 * bump, exposure=np.clip(0.3 + 0.9 * tree, 0.3, 1.0), glow=0.3)
