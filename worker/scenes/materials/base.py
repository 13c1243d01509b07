"""What a material is told about a piece of surface, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.noise import Noise

Colour = tuple[float, float, float]
"""Linear red, green, blue, 0..1."""


@dataclass(frozen=True)
class Surface:
    """Places where rays met one material.

    Attributes:
        world: (n, 3) world frame, metres.
        local: (n, 3) frame of the solid, metres.
        normal: (n, 3) unit, world frame.
        local_normal: (n, 3) unit, frame of the solid.
        local_view: (n, 3) unit direction of the ray, frame of the solid.
        pixel: (n,) size of a pixel across the ray there, metres.
        noise: the noise of the scene.
        contrast: factor on the contrast of textures.
    """

    world: Floats
    local: Floats
    normal: Floats
    local_normal: Floats
    local_view: Floats
    pixel: Floats
    noise: Noise
    contrast: float = 1.0

    def __len__(self) -> int:
        return len(self.world)

    @cached_property
    def _slant(self) -> Floats:
        """By how much a pixel is drawn out along the ray on the slanted surface, (n,), from 1."""
        return 1.0 / np.maximum(np.abs(np.einsum("ij,ij->i", self.local_view, self.local_normal)), 0.02)

    @cached_property
    def footprint(self) -> Floats:
        """Mean size (n,) of a pixel on the surface, metres; textures blur to it."""
        return self.pixel * np.sqrt(self._slant)

    def footprint_along(self, axis: int) -> Floats:
        """Return the size (n,) of a pixel on the surface along a local axis (0, 1, 2), metres."""
        view, normal = self.local_view[:, axis], self.local_normal[:, axis]
        facing = np.einsum("ij,ij->i", self.local_view, self.local_normal)
        lengthwise = np.abs(view - facing * normal) / np.sqrt(np.maximum(1.0 - facing * facing, 1e-6))
        return self.pixel * (1.0 + (self._slant - 1.0) * np.minimum(lengthwise, 1.0))

    def take(self, rows: Integers | Mask) -> Surface:
        """Return some of the places."""
        return Surface(
            world=self.world[rows],
            local=self.local[rows],
            normal=self.normal[rows],
            local_normal=self.local_normal[rows],
            local_view=self.local_view[rows],
            pixel=self.pixel[rows],
            noise=self.noise,
            contrast=self.contrast,
        )


@dataclass(frozen=True)
class Appearance:
    """How these places look.

    Attributes:
        albedo: (n, 3) linear diffuse reflectance.
        gloss: (n,) mirror reflectance at normal incidence, 0 for matt.
        bump: (n, 3) added to the normal before shading.
        exposure: (n,) share of the ambient light that reaches the place, for corners and undersides.
        reflectance: (n,) what a LiDAR gets back at normal incidence, 0..1.
        glow: (n,) light passed on from behind, for leaves.
    """

    albedo: Floats
    gloss: Floats
    bump: Floats
    exposure: Floats
    reflectance: Floats
    glow: Floats


class Material(Protocol):
    """A surface finish."""

    def appearance(self, surface: Surface) -> Appearance:
        """Return how the surface looks."""
        ...


def appearance(
    albedo: Floats,
    *,
    gloss: Floats | float = 0.0,
    bump: Floats | float = 0.0,
    exposure: Floats | float = 1.0,
    reflectance: Floats | float = 0.3,
    glow: Floats | float = 0.0,
) -> Appearance:
    """Return an appearance, scalars spread over all places of albedo (n, 3)."""
    n = len(albedo)
    return Appearance(
        albedo=np.clip(albedo, 0.0, 1.0).astype(np.float32),
        gloss=np.broadcast_to(np.float32(gloss), (n,)),
        bump=np.broadcast_to(np.float32(bump), (n, 3)),
        exposure=np.broadcast_to(np.float32(exposure), (n,)),
        reflectance=np.broadcast_to(np.float32(reflectance), (n,)),
        glow=np.broadcast_to(np.float32(glow), (n,)),
    )


def paint(base: Floats, colour: Colour, share: Floats) -> Floats:
    """Return base (n, 3) with a colour laid over it where share (n,) is above 0."""
    return base + (np.asarray(colour, dtype=np.float32) - base) * np.asarray(share)[:, None]


def tinted(colour: Colour, brightness: Floats) -> Floats:
    """Return a colour scaled by brightness (n,), as (n, 3)."""
    return np.asarray(brightness, dtype=np.float32)[:, None] * np.asarray(colour, dtype=np.float32)
