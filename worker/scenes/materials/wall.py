"""House walls without openings: plaster or brick above a plinth, and gables with an attic window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint, tinted
from worker.scenes.noise import band, detail, step

_COURSE_M, _BRICK_M = 0.085, 0.25


@dataclass(frozen=True)
class Wall:
    """Plaster or brick.

    Attributes:
        colour: linear.
        plinth: linear colour of the foot of the wall.
        brick: courses of brick instead of plaster.
        variant: shifts the stains, so that houses differ.
    """

    colour: Colour
    plinth: Colour
    brick: bool
    variant: int

    def albedo(self, surface: Surface, u: Floats, z: Floats) -> Floats:
        """Return the colour (n, 3) at u (n,) along the wall and z (n,) above the ground, metres."""
        noise, width = surface.noise, surface.footprint
        stains = noise.fractal(u * 0.4 + 7.0 * self.variant, z * 0.25, 4) - 0.5
        streaks = noise.plane(u * 3.0, z * 0.25 + self.variant) - 0.5
        grit = (noise.plane(u * 30.0, z * 30.0) - 0.5) * detail(width, 0.06)
        brightness = 1.0 + surface.contrast * (0.22 * stains + 0.1 * streaks + 0.15 * grit)
        if self.brick:
            brightness = brightness + surface.contrast * self._courses(surface, u, z)
        return paint(tinted(self.colour, brightness), self.plinth, step(0.55 - z, surface.footprint_along(2)))

    @staticmethod
    def _courses(surface: Surface, u: Floats, z: Floats) -> Floats:
        row = np.floor(z / _COURSE_M)
        place = u / _BRICK_M + 0.5 * np.mod(row, 2)
        tone = surface.noise.cells(row.astype(int), np.floor(place).astype(int)) - 0.5
        width = surface.footprint
        bed = band(np.mod(z / _COURSE_M, 1.0), 0.1, 0.9, width / _COURSE_M)
        head = band(np.mod(place, 1.0), 0.04, 0.96, width / _BRICK_M)
        return (0.35 * tone + 0.5 * (1.0 - bed * head)) * detail(width, 0.12)


@dataclass(frozen=True)
class Gable:
    """The triangle under a roof: its base along local x at z = 0, with one window.

    Attributes:
        wall: finish of the wall below.
        trim: linear colour of the window frame.
        base: height of the gable's base above the foot of the wall, metres.
        window: (half width, sill, head) metres, or None.
    """

    wall: Wall
    trim: Colour
    base: float
    window: tuple[float, float, float] | None

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, z = surface.local[:, 0], surface.local[:, 2]
        colour = self.wall.albedo(surface, x, z + self.base)
        glass: Floats = np.zeros(len(surface), dtype=np.float32)
        if self.window is not None:
            half, sill, head = self.window
            width = surface.footprint
            frame = step(half + 0.09 - np.abs(x), width) * band(z, sill - 0.09, head + 0.09, width)
            colour = paint(colour, self.trim, frame)
            mullion = step(np.abs(x) - 0.035, width)
            glass = step(half - 0.06 - np.abs(x), width) * band(z, sill + 0.05, head - 0.05, width) * mullion
            colour = paint(colour, (0.014, 0.015, 0.016), glass)
        return appearance(colour, gloss=0.09 * glass, reflectance=0.42 - 0.37 * glass)
