"""The ground's finish: asphalt with markings, kerb stones, paving slabs and grass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.ground import Ground
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint, tinted
from worker.scenes.noise import band, detail, step
from worker.scenes.semantics import Semantic


@dataclass(frozen=True)
class Shade:
    """A dark spot on the ground where something stands on it and hides the sky.

    Attributes:
        x: metres, world frame.
        y: metres.
        yaw: radians.
        half_length: metres, along yaw.
        half_width: metres.
        softness: metres over which the shade fades.
        depth: share of the ambient light lost beneath.
    """

    x: float
    y: float
    yaw: float
    half_length: float
    half_width: float
    softness: float = 0.35
    depth: float = 0.85

    def light(self, x: Floats, y: Floats) -> Floats:
        """Return the share of ambient light left at (x, y), each (n,)."""
        return 1.0 - self.depth * np.exp(-self.outside(x, y) / self.softness)

    def outside(self, x: Floats, y: Floats) -> Floats:
        """Return the distance of (x, y), each (n,), from the thing's footprint, metres."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        ahead, aside = c * (x - self.x) + s * (y - self.y), -s * (x - self.x) + c * (y - self.y)
        return np.hypot(
            np.maximum(np.abs(ahead) - self.half_length, 0.0), np.maximum(np.abs(aside) - self.half_width, 0.0)
        )


@dataclass(frozen=True)
class Pavement:
    """The finish of the whole ground; class borders are where the geometry has them.

    Attributes:
        ground: tells what lies where.
        asphalt: linear colour.
        slabs: linear colour of the sidewalk.
        slab_size: (along, across) metres.
        grass: linear colour.
        centre_dash: length of the dashes of the centre line, metres; 0 for no line.
        edge_line: paint a line along the kerb.
        shades: dark spots under things.
    """

    ground: Ground
    asphalt: Colour
    slabs: Colour
    slab_size: tuple[float, float]
    grass: Colour
    centre_dash: float
    edge_line: bool
    shades: tuple[Shade, ...] = ()

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, y = surface.world[:, 0], surface.world[:, 1]
        outside = self.ground.kerb_distance(x, y)
        lateral = self.ground.lateral(x, y)
        codes = self.ground.semantics(x, y)
        albedo = np.empty((len(surface), 3), dtype=np.float32)
        reflectance = np.empty(len(surface), dtype=np.float32)
        bump = np.zeros((len(surface), 3), dtype=np.float32)
        finishes = (
            (codes == Semantic.ROAD.code, self._road),
            (codes == Semantic.SIDEWALK.code, self._sidewalk),
            (codes == Semantic.TERRAIN.code, self._grass),
        )
        for mask, finish in finishes:
            if mask.any():
                albedo[mask], reflectance[mask], bump[mask] = finish(surface.take(mask), outside[mask], lateral[mask])
        return appearance(albedo, reflectance=reflectance, bump=bump, exposure=self._exposure(x, y, outside))

    def _exposure(self, x: Floats, y: Floats, outside: Floats) -> Floats:
        light = 1.0 - 0.35 * np.exp(-np.abs(outside + 0.02) / 0.06) * (outside < 0.03)
        for shade in self.shades:
            reach = shade.half_length + shade.half_width + 5.0 * shade.softness
            near = (np.abs(x - shade.x) < reach) & (np.abs(y - shade.y) < reach)
            light[near] *= shade.light(x[near], y[near])
        return light

    def _road(self, surface: Surface, outside: Floats, lateral: Floats) -> tuple[Floats, Floats, Floats]:
        x, y, noise, width = surface.world[:, 0], surface.world[:, 1], surface.noise, surface.footprint
        grain = (noise.plane(x * 60.0, y * 60.0) - 0.5) * detail(width, 0.04)
        grit = (noise.plane(x * 21.0, y * 21.0) - 0.5) * detail(width, 0.1)
        stains = noise.fractal(x * 0.11, lateral * 0.7, 4) - 0.5
        wheel_tracks = np.exp(-(((np.abs(np.abs(lateral) - self.ground.half_width * 0.4)) - 0.8) ** 2) / 0.12)
        patch = noise.cells(np.floor(x / 4.7).astype(int), np.floor(lateral / 1.9).astype(int)) > 0.93
        warp = noise.fractal(x * 0.5, y * 0.5, 3)
        crack_field = np.abs(noise.plane(x * 0.22 + 2.2 * warp, lateral * 0.35 + 1.8 * warp) - 0.5)
        broken = step(noise.plane(x * 0.31 + 70.0, lateral * 0.4) - 0.5, 0.2)
        crack = step(0.006 - crack_field, 0.004) * detail(width, 0.25) * broken
        brightness = 1.0 + surface.contrast * (
            0.55 * grain + 0.3 * grit + 0.3 * stains - 0.06 * wheel_tracks - 0.2 * patch - 0.45 * crack
        )
        gutter = np.clip(1.0 + outside / 0.35, 0.0, 1.0)
        albedo = paint(tinted(self.asphalt, brightness), (0.16, 0.14, 0.11), 0.35 * gutter)
        wear = np.clip(1.35 - 0.9 * noise.plane(x * 6.0, y * 6.0) - 0.5 * noise.plane(x * 23.0, y * 23.0), 0.2, 1.0)
        widths = surface.footprint_along(0), surface.footprint_along(1)
        paint_share = self._markings(x, lateral, outside, *widths) * wear
        albedo = paint(albedo, (0.62, 0.62, 0.58), paint_share)
        return albedo, 0.24 + 0.1 * stains + 0.4 * paint_share, np.zeros_like(albedo)

    def _markings(self, x: Floats, lateral: Floats, outside: Floats, width: Floats, across: Floats) -> Floats:
        share: Floats = np.zeros(len(x), dtype=np.float32)
        if self.centre_dash > 0:
            phase = np.mod(x, 2.0 * self.centre_dash)
            share = band(lateral, -0.06, 0.06, across) * band(phase, 0.0, self.centre_dash, width)
        if self.edge_line:
            share = np.maximum(share, band(outside, -0.42, -0.3, across))
        if self.ground.crossing is not None:
            middle, half = self.ground.crossing
            open_road = step(np.abs(x - middle) - half - 4.5, 0.1)
            stop = band(np.abs(lateral) - self.ground.half_width, 1.0, 1.35, across) * step(
                half - np.abs(x - middle), 0.1
            )
            share = np.maximum(share * open_road, stop * (x > middle))
        return share

    def _sidewalk(self, surface: Surface, outside: Floats, lateral: Floats) -> tuple[Floats, Floats, Floats]:
        x, y, noise, width = surface.world[:, 0], surface.world[:, 1], surface.noise, surface.footprint
        along, across = self.slab_size
        row = np.floor(lateral / across)
        station = x + 0.5 * along * np.mod(row, 2)
        column = np.floor(station / along)
        tone = noise.cells(row.astype(np.int64), column.astype(np.int64)) - 0.5
        seen = detail(width, min(along, across))
        wide, high = surface.footprint_along(0), surface.footprint_along(1)
        joint = np.maximum(
            step(0.006 - _to_joint(station, along), np.maximum(wide, 0.006)) * detail(wide, 0.5 * along),
            step(0.006 - _to_joint(lateral, across), np.maximum(high, 0.006)) * detail(high, 0.5 * across),
        )
        grit = (noise.plane(x * 30.0, y * 30.0) - 0.5) * detail(width, 0.05)
        stains = noise.fractal(x * 0.5, y * 0.5) - 0.5
        brightness = 1.0 + surface.contrast * (0.22 * tone * seen + 0.3 * grit + 0.35 * stains - 0.5 * joint)
        albedo = tinted(self.slabs, brightness)
        kerb = step(self.ground.kerb_width - outside, high)
        stones = 1.0 + surface.contrast * (0.4 * grit - 0.4 * step(0.01 - _to_joint(x, 1.0), wide) * detail(wide, 0.5))
        albedo = albedo + (tinted((0.36, 0.35, 0.33), stones) - albedo) * kerb[:, None]
        return albedo, 0.34 + 0.1 * stains, np.zeros_like(albedo)

    def _grass(self, surface: Surface, outside: Floats, lateral: Floats) -> tuple[Floats, Floats, Floats]:
        x, y, noise, width = surface.world[:, 0], surface.world[:, 1], surface.noise, surface.footprint
        blades = (noise.plane(x * 38.0, y * 38.0) - 0.5) * detail(width, 0.06)
        tufts = (noise.plane(x * 9.0, y * 9.0) - 0.5) * detail(width, 0.25)
        fields = noise.fractal(x * 0.25, y * 0.25, 4)
        brightness = 1.0 + surface.contrast * (0.9 * blades + 0.6 * tufts + 0.5 * (fields - 0.5))
        albedo = tinted(self.grass, brightness)
        dry = np.clip((fields - 0.55) * 4.0, 0.0, 1.0)
        albedo = paint(albedo, (0.19, 0.16, 0.085), 0.6 * dry)
        soil = np.clip((noise.fractal(x * 0.7 + 9.0, y * 0.7) - 0.66) * 7.0, 0.0, 0.8)
        albedo = paint(albedo, (0.12, 0.09, 0.06), soil)
        bump = np.column_stack([blades + tufts, noise.plane(x * 31.0 + 7.0, y * 31.0) - 0.5, np.zeros(len(x))])
        return albedo, 0.36 + 0.15 * tufts, (0.6 * surface.contrast * bump).astype(np.float32)


def _to_joint(x: Floats, pitch: float) -> Floats:
    """Return the distance to the nearest multiple of pitch."""
    return np.abs(np.mod(x + 0.5 * pitch, pitch) - 0.5 * pitch)
