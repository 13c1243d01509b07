"""Car finishes: lacquer with windows, lamps and plates painted where the body has them, and wheels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint
from worker.scenes.noise import band, step


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
        x, y, z = surface.local.T
        nx, ny, _ = surface.local_normal.T
        width = np.maximum(surface.footprint, 0.004)
        colour = np.broadcast_to(np.asarray(self.colour, dtype=np.float32), (len(surface), 3))
        side = step(np.abs(ny) - 0.6, 0.1)
        for joint in (self.axles[1] - 0.42, 0.5 * (self.axles[0] + self.axles[1]) - 0.12, self.axles[0] + 0.12):
            seam = band(x, joint - 0.008, joint + 0.008, width) * side * band(z, 0.32, self.belt, width)
            colour = colour * (1.0 - 0.8 * seam[:, None])
        sill = step(0.3 - z, width)
        colour = paint(colour, (0.025, 0.025, 0.027), sill)
        for axle in self.axles:
            arch = step(self.wheel_radius + 0.07 - np.hypot(x - axle, z - self.wheel_radius), width) * side
            colour = paint(colour, (0.006, 0.006, 0.006), arch)
        gloss = np.full(len(surface), self.metallic, dtype=np.float32)
        reflectance = np.full(len(surface), 0.12 + 0.25 * float(np.mean(self.colour)), dtype=np.float32)
        facing = step(nx - 0.45, 0.1), step(-nx - 0.45, 0.1)
        colour, gloss, reflectance = self._front(y, z, width, facing[0], colour, gloss, reflectance)
        colour, gloss, reflectance = self._rear(y, z, width, facing[1], colour, gloss, reflectance)
        exposure = np.clip(0.35 + 0.8 * z, 0.3, 1.0)
        return appearance(colour, gloss=gloss, exposure=exposure, reflectance=reflectance)

    def _front(
        self, y: Floats, z: Floats, width: Floats, facing: Floats, colour: Floats, gloss: Floats, reflectance: Floats
    ) -> tuple[Floats, Floats, Floats]:
        half = self.half_width
        grille = band(np.abs(y), -1.0, 0.45 * half, width) * band(z, 0.5, 0.64, width)
        intake = band(np.abs(y), -1.0, 0.7 * half, width) * band(z, 0.26, 0.38, width)
        colour = paint(colour, (0.012, 0.012, 0.013), facing * np.maximum(grille, intake))
        lamp = facing * band(np.abs(y), 0.58 * half, 0.93 * half, width) * band(z, 0.56, 0.70, width)
        colour = paint(colour, (0.65, 0.67, 0.7), lamp)
        plate = facing * band(np.abs(y), -1.0, 0.26, width) * band(z, 0.39, 0.49, width)
        return (
            paint(colour, (0.75, 0.75, 0.72), plate),
            gloss + 0.06 * lamp,
            reflectance + (0.9 - reflectance) * np.maximum(plate, lamp),
        )

    def _rear(
        self, y: Floats, z: Floats, width: Floats, facing: Floats, colour: Floats, gloss: Floats, reflectance: Floats
    ) -> tuple[Floats, Floats, Floats]:
        half, belt = self.half_width, self.belt
        lamp = facing * band(np.abs(y), 0.66 * half, 0.97 * half, width) * band(z, belt - 0.24, belt - 0.06, width)
        colour = paint(colour, (0.42, 0.012, 0.012), lamp)
        bright = lamp * band(z, belt - 0.19, belt - 0.14, width)
        colour = paint(colour, (0.7, 0.3, 0.22), 0.7 * bright)
        bumper = facing * band(z, 0.3, 0.42, width)
        colour = paint(colour, (0.03, 0.03, 0.032), 0.8 * bumper)
        plate = facing * band(np.abs(y), -1.0, 0.26, width) * band(z, 0.5, 0.61, width)
        return (
            paint(colour, (0.75, 0.75, 0.72), plate),
            gloss,
            reflectance + (0.9 - reflectance) * np.maximum(plate, lamp),
        )


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
        width = np.maximum(surface.footprint, 0.004)
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
