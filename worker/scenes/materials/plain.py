"""Plain finishes: metal, wood, bark, cloth, and the plates of traffic signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Appearance, Colour, Surface, appearance, paint, tinted
from worker.scenes.noise import band, detail, step


@dataclass(frozen=True)
class Plain:
    """One colour with a little dirt.

    Attributes:
        colour: linear.
        gloss: mirror reflectance at normal incidence.
        reflectance: LiDAR reflectance.
        dirt: contrast of the stains.
    """

    colour: Colour
    gloss: float = 0.0
    reflectance: float = 0.3
    dirt: float = 0.25

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        stains = surface.noise.volume(surface.world * 3.0) - 0.5
        brightness = 1.0 + self.dirt * surface.contrast * stains
        return appearance(tinted(self.colour, brightness), gloss=self.gloss, reflectance=self.reflectance)


@dataclass(frozen=True)
class Bark:
    """Fissured bark, running along z.

    Attributes:
        colour: linear.
    """

    colour: Colour = (0.13, 0.095, 0.07)

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        angle = np.arctan2(surface.local[:, 1], surface.local[:, 0])
        fissures = surface.noise.plane(angle * 7.0, surface.local[:, 2] * 3.0) - 0.5
        patches = surface.noise.volume(surface.world * 1.7) - 0.5
        seen = detail(surface.footprint, 0.1)
        brightness = 1.0 + surface.contrast * (1.1 * fissures * seen + 0.6 * patches)
        return appearance(tinted(self.colour, brightness), reflectance=0.3)


@dataclass(frozen=True)
class Planks:
    """Vertical boards of a fence, along local x.

    Attributes:
        colour: linear.
        pitch: width of a board, metres.
    """

    colour: Colour
    pitch: float = 0.14

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`."""
        x, z = surface.local[:, 0], surface.local[:, 2]
        board = np.floor(x / self.pitch).astype(np.int64)
        tone = surface.noise.cells(board) - 0.5
        within = x / self.pitch - board
        joint = 1.0 - band(within, 0.08, 0.92, surface.footprint / self.pitch)
        grain = surface.noise.plane(x * 25.0, z * 1.5) - 0.5
        seen = detail(surface.footprint, self.pitch)
        brightness = 1.0 + surface.contrast * (0.35 * tone + 0.3 * grain - 0.6 * joint) * seen
        return appearance(tinted(self.colour, brightness), reflectance=0.3)


@dataclass(frozen=True)
class SignFace:
    """The plate of a traffic sign: normal along local x, a border, a field and a bar or a dot on it.

    Attributes:
        radius: metres, of the plate about the local origin.
        border: linear colour.
        field_colour: linear colour.
        mark: linear colour of the symbol.
        bar: the symbol is a horizontal bar rather than a disc.
    """

    radius: float
    border: Colour
    field_colour: Colour
    mark: Colour
    bar: bool = False

    def appearance(self, surface: Surface) -> Appearance:
        """See `Material.appearance`; the back of the plate is bare metal."""
        y, z, width = surface.local[:, 1], surface.local[:, 2], surface.footprint
        distance = np.hypot(y, z)
        colour: Floats = np.broadcast_to(np.asarray(self.border, dtype=np.float32), (len(surface), 3))
        colour = paint(colour, self.field_colour, step(0.78 * self.radius - distance, width))
        symbol: Floats
        if self.bar:
            symbol = band(y, -0.55 * self.radius, 0.55 * self.radius, width) * band(z, -0.13, 0.13, width)
        else:
            symbol = step(0.35 * self.radius - distance, width)
        colour = paint(colour, self.mark, symbol)
        front = surface.local_normal[:, 0] < -0.5
        colour = np.where(front[:, None], colour, np.float32(0.35))
        return appearance(colour, gloss=0.02, reflectance=np.where(front, 0.95, 0.4))
