"""Windows and doors, painted onto a wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Colour, Surface, paint, tinted
from worker.scenes.noise import band, detail, step

_REVEAL_M = 0.12
"""How far the pane lies inside the wall."""


@dataclass(frozen=True)
class Nearest:
    """The nearest opening in the wall, for each of n places.

    Attributes:
        beside: (n,) metres from its middle along the wall.
        above: (n,) metres above the middle of a window there.
        height: (n,) metres above the ground.
        pick: (n,) a number in 0..1, the same all over one opening.
    """

    beside: Floats
    above: Floats
    height: Floats
    pick: Floats


@dataclass(frozen=True)
class Window:
    """A window with two casements below a light.

    Attributes:
        half_width: metres.
        half_height: metres.
        trim: linear colour of frame and sill.
        shutters: linear colour of the shutters, or None.
    """

    half_width: float
    half_height: float
    trim: Colour
    shutters: Colour | None

    def paint_on(self, wall: Floats, surface: Surface, nearest: Nearest, there: Floats) -> tuple[Floats, Floats]:
        """Return the colour (n, 3) of a wall with windows where there (n,) is 1, and the share of glass (n,)."""
        width = np.maximum(surface.footprint, 0.01)
        wall = self._surround(wall, nearest, there, width)
        opening = there * _rectangle(nearest.beside, nearest.above, self.half_width, self.half_height, width)
        # Look up the pane where the ray arrives there, behind the opening.
        view, normal = surface.local_view, surface.local_normal
        slope = _REVEAL_M / np.maximum(np.abs(np.einsum("ij,ij->i", view, normal)), 0.15)
        along = np.where(np.abs(normal[:, 1]) > np.abs(normal[:, 0]), view[:, 0], view[:, 1])
        u, z = nearest.beside + slope * along, nearest.above + slope * view[:, 2]
        pane = opening * _rectangle(u, z, self.half_width, self.half_height, width)
        glass = pane * self._between_bars(u, z, width)
        wall = wall * (1.0 - 0.45 * (opening - pane))[:, None]
        wall = paint(wall, self.trim, 0.9 * (pane - glass))
        behind = self._interior(u, nearest.pick, width)
        return wall + (behind[:, None] - wall) * glass[:, None], glass

    def _surround(self, wall: Floats, nearest: Nearest, there: Floats, width: Floats) -> Floats:
        u, z, half, tall = np.abs(nearest.beside), nearest.above, self.half_width, self.half_height
        if self.shutters is not None:
            leaf = there * band(u, half + 0.1, 1.5 * half + 0.1, width) * step(tall - np.abs(z), width)
            slats = 1.0 - 0.35 * band(np.mod(z / 0.08, 1.0), 0.0, 0.4, width / 0.08) * detail(width, 0.1)
            wall = wall + (tinted(self.shutters, slats) - wall) * leaf[:, None]
        wall = paint(wall, self.trim, there * _rectangle(u, z, half + 0.09, tall + 0.09, width))
        sill = there * step(half + 0.16 - u, width) * band(z, -tall - 0.17, -tall - 0.09, width)
        return wall * (1.0 - sill)[:, None] + tinted(self.trim, 0.75 * sill)

    def _between_bars(self, u: Floats, z: Floats, width: Floats) -> Floats:
        mullion, transom = step(np.abs(u) - 0.035, width), step(np.abs(z - 0.45 * self.half_height) - 0.03, width)
        return mullion * transom * _rectangle(u, z, self.half_width - 0.06, self.half_height - 0.06, width)

    def _interior(self, u: Floats, pick: Floats, width: Floats) -> Floats:
        """Return how bright the room behind the glass is: dark, or with curtains."""
        drawn = step(np.abs(u) - self.half_width * (0.25 + 0.6 * pick), width) * (pick > 0.45)
        folds = 0.7 + 0.3 * np.sin(u * 60.0) * detail(width, 0.1)
        return 0.012 + 0.16 * drawn * folds


@dataclass(frozen=True)
class Door:
    """A house door with a window in it.

    Attributes:
        trim: linear colour of the frame.
    """

    trim: Colour

    def paint_on(self, wall: Floats, surface: Surface, nearest: Nearest, there: Floats) -> Floats:
        """Return the colour (n, 3) of a wall with doors where there (n,) is 1."""
        u, z, width = np.abs(nearest.beside), nearest.height, np.maximum(surface.footprint, 0.01)
        wall = paint(wall, self.trim, there * step(0.68 - u, width) * band(z, 0.0, 2.35, width))
        wall = paint(wall, (0.11, 0.09, 0.08), there * step(0.55 - u, width) * band(z, 0.05, 2.2, width))
        lights = step(0.38 - u, width) * band(np.abs(z - 1.25), 0.15, 0.75, width)
        return paint(wall, (0.02, 0.022, 0.025), 0.8 * there * lights)


def _rectangle(u: Floats, z: Floats, half_width: float, half_height: float, width: Floats) -> Floats:
    return step(half_width - np.abs(u), width) * step(half_height - np.abs(z), width)
