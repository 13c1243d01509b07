"""Car finishes: lacquer with windows, lamps and plates painted where the body has them, and wheels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint
from worker.scenes.noise import band, step

_PLATE: Colour = (0.75, 0.75, 0.72)


@dataclass(frozen=True)
class _Coat:
    """A part of the body with its own finish: where it lies, share (n,) 0..1, and what it is like."""

    colour: Colour
    share: Floats
    gloss: float = 0.02
    reflectance: float = 0.15


def _width(surface: Surface) -> Floats:
    return np.maximum(surface.footprint, 0.004)


@dataclass(frozen=True)
class Bodywork:
    """The lower body of a car: x forward, y left, z up, origin on the road under its middle.

    Attributes:
        colour: linear colour of the lacquer.
        front: x of the front bumper, metres.
        rear: x of the rear bumper.
        half_width: metres.
        belt: height of the window line.
        axles: x of the rear and of the front axle.
        wheel_radius: metres.
        metallic: mirror reflectance of the lacquer at normal incidence.
    """

    colour: Colour
    front: float
    rear: float
    half_width: float
    belt: float
    axles: tuple[float, float]
    wheel_radius: float
    metallic: float = 0.06

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        z = surface.local[:, 2]
        colour: Floats = np.broadcast_to(np.asarray(self.colour, dtype=np.float32), (len(surface), 3))
        gloss: Floats = np.full(len(surface), self.metallic)
        reflectance: Floats = np.full(len(surface), 0.12 + 0.25 * float(np.mean(self.colour)))
        for coat in (*self._sides(surface), *self._front(surface), *self._rear(surface)):
            colour = paint(colour, coat.colour, coat.share)
            gloss = gloss + (coat.gloss - gloss) * coat.share
            reflectance = reflectance + (coat.reflectance - reflectance) * coat.share
        exposure = np.clip(0.35 + 0.8 * z, 0.3, 1.0)
        return appearance(colour, gloss=gloss, exposure=exposure, reflectance=reflectance)

    def _sides(self, surface: Surface) -> Iterator[_Coat]:
        """Yield the seams of the doors, the sill all round and the wheel arches."""
        x, _, z = surface.local.T
        width = _width(surface)
        side = step(np.abs(surface.local_normal[:, 1]) - 0.6, 0.1)
        for joint in (self.axles[1] - 0.42, 0.5 * (self.axles[0] + self.axles[1]) - 0.12, self.axles[0] + 0.12):
            seam = band(x, joint - 0.008, joint + 0.008, width) * band(z, 0.32, self.belt, width)
            yield _Coat((0.01, 0.01, 0.01), 0.8 * seam * side, self.metallic)
        yield _Coat((0.025, 0.025, 0.027), step(0.3 - z, width))
        for axle in self.axles:
            arch = step(self.wheel_radius + 0.07 - np.hypot(x - axle, z - self.wheel_radius), width)
            yield _Coat((0.006, 0.006, 0.006), arch * side, 0.0)

    def _front(self, surface: Surface) -> Iterator[_Coat]:
        """Yield grille, air intake, lamps and plate."""
        y, z, width, half = np.abs(surface.local[:, 1]), surface.local[:, 2], _width(surface), self.half_width
        facing = step(surface.local_normal[:, 0] - 0.45, 0.1)
        for reach, low, high in ((0.45 * half, 0.5, 0.64), (0.7 * half, 0.26, 0.38)):
            yield _Coat((0.012, 0.012, 0.013), facing * step(reach - y, width) * band(z, low, high, width), 0.02)
        lamp = facing * band(y, 0.58 * half, 0.93 * half, width) * band(z, 0.56, 0.70, width)
        yield _Coat((0.65, 0.67, 0.7), lamp, 0.12, 0.9)
        yield _Coat(_PLATE, facing * step(0.26 - y, width) * band(z, 0.39, 0.49, width), 0.02, 0.9)

    def _rear(self, surface: Surface) -> Iterator[_Coat]:
        """Yield lamps, bumper and plate."""
        y, z, width = np.abs(surface.local[:, 1]), surface.local[:, 2], _width(surface)
        half, belt = self.half_width, self.belt
        facing = step(-surface.local_normal[:, 0] - 0.45, 0.1)
        lamp = facing * band(y, 0.66 * half, 0.97 * half, width) * band(z, belt - 0.24, belt - 0.06, width)
        yield _Coat((0.42, 0.012, 0.012), lamp, self.metallic, 0.9)
        yield _Coat((0.7, 0.3, 0.22), 0.7 * lamp * band(z, belt - 0.19, belt - 0.14, width), self.metallic, 0.9)
        yield _Coat((0.03, 0.03, 0.032), 0.8 * facing * band(z, 0.3, 0.42, width), 0.02)
        yield _Coat(_PLATE, facing * step(0.26 - y, width) * band(z, 0.5, 0.61, width), 0.02, 0.9)


@dataclass(frozen=True)
class Greenhouse:
    """The upper body: glass between pillars, a lacquered roof.

    Attributes:
        colour: linear colour of the lacquer.
        base: height of the lower window edge, metres.
        roof: height of the roof, metres.
        base_span: (rear, front) x of the windows' lower edge.
        roof_span: (rear, front) x of the roof.
        half_width: at the base, metres.
        lean: of the side windows, metres per metre.
    """

    colour: Colour
    base: float
    roof: float
    base_span: tuple[float, float]
    roof_span: tuple[float, float]
    half_width: float
    lean: float

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, y, z = surface.local.T
        nx, ny, nz = surface.local_normal.T
        width = _width(surface)
        rise = (z - self.base) / (self.roof - self.base)
        rear = self.base_span[0] + (self.roof_span[0] - self.base_span[0]) * rise
        front = self.base_span[1] + (self.roof_span[1] - self.base_span[1]) * rise
        height = band(z, self.base + 0.03, self.roof - 0.085, width)
        middle = 0.5 * (self.roof_span[0] + self.roof_span[1])
        pillar = step(np.abs(x - middle) - 0.04, width)
        side = step(x - rear - 0.13, width) * step(front - 0.11 - x, width) * pillar * height
        half = self.half_width - self.lean * (z - self.base)
        ends = step(half - 0.1 - np.abs(y), width) * height
        sideways = np.abs(ny) > 0.7
        glass = np.where(sideways, side, np.where(np.abs(nx) > 0.3, ends, 0.0)) * (nz < 0.95)
        colour = np.broadcast_to(np.asarray(self.colour, dtype=np.float32), (len(surface), 3))
        colour = paint(colour, (0.014, 0.017, 0.018), glass)
        gloss = 0.06 + 0.05 * glass
        return appearance(colour, gloss=gloss, reflectance=np.where(glass > 0.5, 0.02, 0.15))


@dataclass(frozen=True)
class Wheel:
    """A wheel whose axle is local z: tyre, rim and spokes.

    Attributes:
        radius: metres.
        spokes: number of them.
    """

    radius: float
    spokes: int = 5

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, y = surface.local[:, 0], surface.local[:, 1]
        distance, width = np.hypot(x, y), np.maximum(surface.footprint, 0.003)
        rim = step(0.68 * self.radius - distance, width) * (np.abs(surface.local_normal[:, 2]) > 0.5)
        angle = np.mod(np.arctan2(y, x) * self.spokes / (2 * np.pi), 1.0)
        gap = band(angle, 0.28, 0.72, width * 3.0) * band(distance, 0.2 * self.radius, 0.58 * self.radius, width)
        colour = np.full((len(surface), 3), 0.018, dtype=np.float32)
        colour = paint(colour, (0.42, 0.43, 0.44), rim)
        colour = paint(colour, (0.02, 0.02, 0.02), rim * gap)
        return appearance(colour, gloss=0.03 * rim, reflectance=0.1 + 0.3 * rim, exposure=0.75)
