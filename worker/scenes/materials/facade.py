"""House fronts, a wall with windows and doors in a grid, and roofs with tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, tinted
from worker.scenes.materials.openings import Door, Nearest, Window
from worker.scenes.materials.wall import Wall
from worker.scenes.noise import detail

_FLOOR_M = 0.35
"""Height of the lowest floor above the ground."""


@dataclass(frozen=True)
class Facade:
    """The four walls of a house about its origin, along local x and y; local z is up from their foot.

    Attributes:
        wall: its finish.
        window: what the windows are like.
        door: what the doors are like; they are on the street side, -y.
        storey: height of a storey, metres.
        bay: distance between windows, metres.
        half_size: (x, y) of the house, metres.
        height: of the walls above the ground, metres.
        sunk: how far they reach into the ground, metres.
    """

    wall: Wall
    window: Window
    door: Door
    storey: float
    bay: float
    half_size: tuple[float, float]
    height: float
    sunk: float

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, y, z = surface.local.T
        nx, ny, nz = surface.local_normal.T
        along_x = np.abs(ny) > np.abs(nx)
        u, half = np.where(along_x, x, y), np.where(along_x, *self.half_size)
        side = np.where(along_x, ny > 0, 2 + (nx > 0))
        height = z - self.sunk
        nearest, ground_floor, fits = self._nearest(surface, u, half, height, side)
        upright = fits & (np.abs(nz) < 0.5)
        door = upright & ground_floor & (side == 0) & (nearest.pick < 0.22)
        colour = self.wall.albedo(surface, u, height)
        colour, glass = self.window.paint_on(colour, surface, nearest, (upright & ~door).astype(np.float32))
        colour = self.door.paint_on(colour, surface, nearest, door.astype(np.float32))
        under_eaves = np.clip((self.height - height) / 0.5, 0.45, 1.0)
        exposure = np.clip(0.6 + 0.5 * np.maximum(height, 0.0), 0.6, 1.0) * under_eaves
        return appearance(colour, gloss=0.09 * glass, exposure=exposure, reflectance=0.42 - 0.37 * glass)

    def _nearest(
        self, surface: Surface, u: Floats, half: Floats, height: Floats, side: Integers
    ) -> tuple[Nearest, Mask, Mask]:
        """Return the nearest opening, whether it is on the ground floor, and whether the wall has room for it."""
        bays = np.maximum(np.floor(2.0 * half / self.bay - 0.3), 1.0)
        pitch = 2.0 * half / bays
        column = np.floor((u + half) / pitch)
        top_floor = max(0.0, float(np.floor((self.height - 0.8) / self.storey)))
        floor = np.clip(np.floor((height - _FLOOR_M) / self.storey), 0.0, top_floor)
        middle = _FLOOR_M + (floor + 0.55) * self.storey
        pick = surface.noise.cells(column.astype(int), floor.astype(int), side + 4 * self.wall.variant)
        nearest = Nearest(u + half - (column + 0.5) * pitch, height - middle, height, pick)
        return nearest, floor == 0, middle + self.window.half_height + 0.45 < self.height


@dataclass(frozen=True)
class Tiles:
    """Roof tiles in courses.

    Attributes:
        colour: linear.
    """

    colour: Colour

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`; the courses follow the height, so that one rule serves both slopes."""
        y, z = surface.local[:, 1], surface.local[:, 2]
        row = np.floor(z / 0.22)
        place = y / 0.28 + 0.5 * np.mod(row, 2)
        tone = surface.noise.cells(row.astype(int), np.floor(place).astype(int)) - 0.5
        lap = 1.0 - np.mod(z / 0.22, 1.0)
        moss = surface.noise.fractal(y * 0.6, z * 0.6) - 0.5
        seen = detail(surface.footprint, 0.25)
        brightness = 1.0 + surface.contrast * ((0.3 * tone - 0.35 * (lap > 0.85)) * seen + 0.35 * moss)
        return appearance(tinted(self.colour, brightness), reflectance=0.35)
