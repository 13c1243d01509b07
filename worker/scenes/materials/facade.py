"""House walls with windows and doors, and roofs with tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint, tinted
from worker.scenes.noise import band, detail, step


@dataclass(frozen=True)
class Facade:
    """Plaster or brick with a grid of windows; the wall runs along local x or y, z is up from the lowest floor.

    Attributes:
        wall: linear colour.
        trim: linear colour of frames and sills.
        plinth: linear colour of the foot of the wall.
        storey: height of a storey, metres.
        bay: distance between windows, metres.
        window: (width, height) metres.
        half_size: (x, y) of the house about its origin, metres.
        eaves: height of the wall, metres.
        ground_floor: height of the ground at the wall, metres above local z = 0.
        brick: courses of brick instead of plaster.
        shutters: linear colour of shutters beside the windows, or None.
        variant: makes houses differ in which windows are bright or curtained.
    """

    wall: Colour
    trim: Colour
    plinth: Colour
    storey: float
    bay: float
    window: tuple[float, float]
    half_size: tuple[float, float]
    eaves: float
    ground_floor: float
    brick: bool
    shutters: Colour | None
    variant: int

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        width = np.maximum(surface.footprint, 0.01)
        along_x = np.abs(surface.local_normal[:, 1]) > np.abs(surface.local_normal[:, 0])
        u = np.where(along_x, surface.local[:, 0], surface.local[:, 1])
        half = np.where(along_x, self.half_size[0], self.half_size[1])
        z = surface.local[:, 2] - self.ground_floor
        face = np.where(along_x, 0, 2) + (np.where(along_x, surface.local_normal[:, 1], surface.local_normal[:, 0]) > 0)
        colour = self._wall(surface, u, z, width)
        bays = np.maximum(np.floor(2.0 * half / self.bay - 0.3), 1.0)
        pitch = 2.0 * half / bays
        column = np.floor((u + half) / pitch)
        du = u + half - (column + 0.5) * pitch
        floor = np.clip(np.floor((z - 0.35) / self.storey), 0.0, max(0.0, np.floor((self.eaves - 0.8) / self.storey)))
        dz = z - 0.35 - (floor + 0.55) * self.storey
        pick = surface.noise.cells(column.astype(int), floor.astype(int), face + 4 * self.variant)
        wall_top = self.eaves - self.ground_floor
        room = ((floor + 0.55) * self.storey + 0.5 * self.window[1] + 0.45 < wall_top) & (
            np.abs(surface.local_normal[:, 2]) < 0.5
        )
        door = (floor == 0) & (pick < 0.22) & (face == 0)
        colour, glass = self._windows(surface, colour, du, dz, pick, width, room & ~door)
        colour = self._doors(colour, du, z, width, door & room)
        near_top = np.clip((wall_top - z) / 0.5, 0.45, 1.0)
        exposure = np.clip(0.6 + 0.5 * np.maximum(z, 0.0), 0.6, 1.0) * near_top
        return appearance(
            colour, gloss=0.09 * glass, exposure=exposure, reflectance=0.42 * (1.0 - glass) + 0.05 * glass
        )

    def _wall(self, surface: Surface, u: Floats, z: Floats, width: Floats) -> Floats:
        noise = surface.noise
        stains = noise.fractal(u * 0.4 + 7.0 * self.variant, z * 0.25, 4) - 0.5
        streaks = noise.plane(u * 3.0, z * 0.25 + self.variant) - 0.5
        grit = (noise.plane(u * 30.0, z * 30.0) - 0.5) * detail(width, 0.06)
        brightness = 1.0 + surface.contrast * (0.22 * stains + 0.1 * streaks + 0.15 * grit)
        if self.brick:
            row = np.floor(z / 0.085)
            place = u / 0.25 + 0.5 * np.mod(row, 2)
            tone = noise.cells(row.astype(int), np.floor(place).astype(int)) - 0.5
            mortar = 1.0 - band(np.mod(z / 0.085, 1.0), 0.1, 0.9, width / 0.085) * band(
                np.mod(place, 1.0), 0.04, 0.96, width / 0.25
            )
            seen = detail(width, 0.12)
            brightness = brightness + surface.contrast * (0.35 * tone + 0.5 * mortar) * seen
        colour = tinted(self.wall, brightness)
        return paint(colour, self.plinth, step(0.55 - z, width))

    def _windows(
        self, surface: Surface, colour: Floats, du: Floats, dz: Floats, pick: Floats, width: Floats, room: Floats
    ) -> tuple[Floats, Floats]:
        half_width, half_height = 0.5 * self.window[0], 0.5 * self.window[1]
        there = room.astype(np.float32)
        if self.shutters is not None:
            leaf = band(np.abs(du), half_width + 0.1, half_width + 0.1 + 0.5 * half_width, width)
            slats = 1.0 - 0.35 * band(np.mod(dz / 0.08, 1.0), 0.0, 0.4, width / 0.08) * detail(width, 0.1)
            colour = (
                colour
                + (tinted(self.shutters, slats) - colour)
                * (there * leaf * band(dz, -half_height, half_height, width))[:, None]
            )
        frame = band(np.abs(du), -9.0, half_width + 0.09, width) * band(
            dz, -half_height - 0.09, half_height + 0.09, width
        )
        colour = paint(colour, self.trim, there * frame)
        sill = band(np.abs(du), -9.0, half_width + 0.16, width) * band(
            dz, -half_height - 0.17, -half_height - 0.09, width
        )
        colour = paint(colour, _scaled(self.trim, 0.75), there * sill)
        # The pane lies 12 cm inside the wall: look up where the ray arrives there.
        view, normal = surface.local_view, surface.local_normal
        slope = 0.12 / np.maximum(np.abs(np.einsum("ij,ij->i", view, normal)), 0.15)
        along = np.where(np.abs(normal[:, 1]) > np.abs(normal[:, 0]), view[:, 0], view[:, 1])
        opening = band(du, -half_width, half_width, width) * band(dz, -half_height, half_height, width) * there
        pane_u, pane_z = du + slope * along, dz + slope * view[:, 2]
        pane = band(pane_u, -half_width, half_width, width) * band(pane_z, -half_height, half_height, width)
        reveal = opening * (1.0 - pane)
        colour = colour * (1.0 - 0.45 * reveal[:, None])
        bars = 1.0 - step(np.abs(pane_u) - 0.035, width) * step(np.abs(pane_z - 0.45 * half_height) - 0.03, width)
        edge = 1.0 - band(np.abs(pane_u), -9.0, half_width - 0.06, width) * band(
            np.abs(pane_z), -9.0, half_height - 0.06, width
        )
        wood = np.maximum(bars, edge) * opening * pane
        glass = opening * pane * (1.0 - np.maximum(bars, edge))
        curtain = band(np.abs(pane_u), half_width * (0.25 + 0.6 * pick), 9.0, width) * (pick > 0.45)
        interior = 0.012 + 0.16 * curtain * (0.7 + 0.3 * np.sin(pane_u * 60.0) * detail(width, 0.1))
        colour = colour + (interior[:, None].astype(np.float32) - colour) * glass[:, None]
        return paint(colour, self.trim, 0.9 * wood), glass

    def _doors(self, colour: Floats, du: Floats, z: Floats, width: Floats, door: Floats) -> Floats:
        there = door.astype(np.float32)
        frame = band(np.abs(du), -9.0, 0.68, width) * band(z, 0.0, 2.35, width)
        leaf = band(np.abs(du), -9.0, 0.55, width) * band(z, 0.05, 2.2, width)
        panel = band(np.abs(du), -9.0, 0.38, width) * band(np.abs(z - 1.25), 0.15, 0.75, width)
        colour = paint(colour, self.trim, there * frame)
        colour = paint(colour, (0.11, 0.09, 0.08), there * leaf)
        return paint(colour, (0.02, 0.022, 0.025), there * panel * 0.8)


@dataclass(frozen=True)
class Tiles:
    """Roof tiles in courses.

    Attributes:
        colour: linear.
    """

    colour: Colour

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, z = surface.local[:, 0], surface.local[:, 2]
        row = np.floor(z / 0.22)
        place = x / 0.28 + 0.5 * np.mod(row, 2)
        tone = surface.noise.cells(row.astype(int), np.floor(place).astype(int)) - 0.5
        lap = 1.0 - np.mod(z / 0.22, 1.0)
        moss = surface.noise.fractal(x * 0.6, z * 0.6) - 0.5
        seen = detail(surface.footprint, 0.25)
        brightness = 1.0 + surface.contrast * ((0.3 * tone - 0.35 * (lap > 0.85)) * seen + 0.35 * moss)
        return appearance(tinted(self.colour, brightness), reflectance=0.35)


def _scaled(colour: Colour, factor: float) -> Colour:
    return factor * colour[0], factor * colour[1], factor * colour[2]
