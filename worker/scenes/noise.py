"""Procedural noise, and edges filtered to the size of a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worker.scenes.arrays import Floats, Integers

_SIZE_2D = 256
_SIZE_3D = 64


@dataclass(frozen=True)
class Noise:
    """Smooth periodic value noise in [0, 1], the same for the same seed everywhere.

    Attributes:
        seed: determines the tables.
    """

    seed: int

    @cached_property
    def _plane(self) -> Floats:
        return np.random.default_rng([self.seed, 2]).random((_SIZE_2D * _SIZE_2D,), dtype=np.float32)

    @cached_property
    def _volume(self) -> Floats:
        return np.random.default_rng([self.seed, 3]).random((_SIZE_3D**3,), dtype=np.float32)

    def plane(self, x: Floats, y: Floats) -> Floats:
        """Return bilinear noise of unit wavelength at (x, y), each (n,)."""
        (x0, fx), (y0, fy) = _split(x), _split(y)
        row0, row1 = (y0 % _SIZE_2D) * _SIZE_2D, ((y0 + 1) % _SIZE_2D) * _SIZE_2D
        col0, col1 = x0 % _SIZE_2D, (x0 + 1) % _SIZE_2D
        table = self._plane
        top = _lerp(table[row0 + col0], table[row0 + col1], fx)
        bottom = _lerp(table[row1 + col0], table[row1 + col1], fx)
        return _lerp(top, bottom, fy)

    def volume(self, points: Floats) -> Floats:
        """Return trilinear noise of unit wavelength at points (n, 3)."""
        (x0, fx), (y0, fy), (z0, fz) = (_split(points[:, axis]) for axis in range(3))
        xs = x0 % _SIZE_3D, (x0 + 1) % _SIZE_3D
        ys = (y0 % _SIZE_3D) * _SIZE_3D, ((y0 + 1) % _SIZE_3D) * _SIZE_3D
        zs = (z0 % _SIZE_3D) * _SIZE_3D**2, ((z0 + 1) % _SIZE_3D) * _SIZE_3D**2
        table = self._volume
        planes = [
            _lerp(
                _lerp(table[z + ys[0] + xs[0]], table[z + ys[0] + xs[1]], fx),
                _lerp(table[z + ys[1] + xs[0]], table[z + ys[1] + xs[1]], fx),
                fy,
            )
            for z in zs
        ]
        return _lerp(planes[0], planes[1], fz)

    def cells(self, *coordinates: Integers) -> Floats:
        """Return an independent uniform number for each integer cell, coordinates (n,) each."""
        key = np.zeros(coordinates[0].shape, dtype=np.int64)
        for coordinate in coordinates:
            key = (key * 131 + coordinate.astype(np.int64)) * 7919
        return self._plane[key % (_SIZE_2D * _SIZE_2D)]

    def fractal(self, x: Floats, y: Floats, octaves: int = 3) -> Floats:
        """Return a sum of octaves of plane noise, in [0, 1]."""
        total = np.zeros(np.shape(x), dtype=np.float32)
        for octave in range(octaves):
            scale = 2.0**octave
            total += self.plane(x * scale + 17.3 * octave, y * scale + 5.1 * octave) / scale
        return total / (2.0 - 2.0 ** (1 - octaves))


def step(x: Floats, width: Floats | float) -> Floats:
    """Return 0 below x = 0 and 1 above, as a ramp of the given width: an edge seen through a pixel."""
    return np.clip(x / np.maximum(width, 1e-4) + 0.5, 0.0, 1.0)


def band(x: Floats, low: Floats | float, high: Floats | float, width: Floats | float) -> Floats:
    """Return 1 for low < x < high and 0 outside, filtered like `step`."""
    return step(x - low, width) * step(high - x, width)


def detail(footprint: Floats, wavelength: float) -> Floats:
    """Return how much of a texture of this wavelength survives in pixels of this footprint, 1 down to 0."""
    return np.clip(1.5 - 2.0 * footprint / wavelength, 0.0, 1.0)


def _split(x: Floats) -> tuple[Integers, Floats]:
    whole = np.floor(x)
    fraction = x - whole
    return whole.astype(np.int32), fraction * fraction * (3.0 - 2.0 * fraction)


def _lerp(a: Floats, b: Floats, t: Floats) -> Floats:
    return a + (b - a) * t
