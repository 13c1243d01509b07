"""Domain randomisation of finishes: every material of a scene in other colours and under a pattern of its own.

A network that is to work on photographs must not learn the renderer's palette (Tobin et al., 2017: "Domain
randomization for transferring deep neural networks from simulation to the real world").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.caster import GROUND
from worker.scenes.materials.base import Appearance, Material, Surface
from worker.scenes.noise import Noise, detail
from worker.scenes.scene import Scene
from worker.scenes.semantics import Semantic

_STREAM = 17
_MOTTLES = 2
"""Layers of pattern on each finish."""
_GREY = 0.2


@dataclass(frozen=True)
class _Coat:
    """What happens to one finish.

    Attributes:
        tint: (3,) factor on its albedo.
        grey: share of its own colours that gives way to grey.
        wavelengths: of the layers of pattern, metres.
        contrasts: of the same layers.
        shift: (3,) metres, moves the pattern.
    """

    tint: Floats
    grey: float
    wavelengths: Floats
    contrasts: Floats
    shift: Floats

    def over(self, albedo: Floats, world: Floats, footprint: Floats, noise: Noise) -> Floats:
        """Return the albedo (n, 3) of places at world (n, 3), seen by pixels of this footprint (n,), in this coat."""
        albedo = albedo + self.grey * (_GREY - albedo)
        brightness = np.ones(len(world), dtype=np.float32)
        for wavelength, contrast in zip(self.wavelengths, self.contrasts, strict=True):
            mottle = noise.volume(world / np.float32(wavelength) + self.shift) - 0.5
            brightness += np.float32(contrast) * mottle * detail(footprint, float(wavelength))
        return np.clip(albedo * self.tint * np.maximum(brightness, 0.1)[:, None], 0.0, 0.95).astype(np.float32)


def repaint(look: Appearance, surface: Surface, owners: Integers, scene: Scene) -> Appearance:
    """Return the appearance of n places with all finishes changed, equal finishes alike.

    Args:
        look: as designed.
        surface: the places.
        owners: (n,) what they belong to; see `worker.scenes.caster`.
        scene: the scene, which says how far to go.
    """
    strength = scene.config.look.repaint
    finishes = _finishes(surface, owners, scene)
    order = np.argsort(finishes, kind="stable")
    starts = np.flatnonzero(np.diff(finishes[order]))
    albedo = look.albedo.copy()
    for rows in np.split(order, starts + 1):
        coat = _draw_coat(strength, np.random.default_rng([scene.seed, scene.index, _STREAM, finishes[rows[0]]]))
        albedo[rows] = coat.over(albedo[rows], surface.world[rows], surface.footprint[rows], scene.noise)
    return replace(look, albedo=albedo)


def _finishes(surface: Surface, owners: Integers, scene: Scene) -> Integers:
    """Return a number (n,) for each place: the same wherever the ground has one class, or solids one material."""
    first_with: dict[Material, int] = {}
    of_solid = [first_with.setdefault(solid.material, number) for number, solid in enumerate(scene.solids)]
    finishes = np.array([0, *of_solid])[owners] + len(Semantic)
    ground = owners == GROUND
    finishes[ground] = scene.ground.semantics(surface.world[ground, 0], surface.world[ground, 1])
    return finishes


def _draw_coat(strength: float, rng: np.random.Generator) -> _Coat:
    hue = 0.4 if rng.random() < 0.2 else 0.09
    return _Coat(
        tint=np.exp(strength * (rng.normal(0.0, 0.5) + rng.normal(0.0, hue, 3))).astype(np.float32),
        grey=float(strength * rng.choice([0.0, rng.uniform(0.0, 1.0)])),
        wavelengths=0.05 * np.exp(rng.uniform(0.0, 4.0, _MOTTLES)),
        contrasts=strength * rng.uniform(0.0, 1.0, _MOTTLES) ** 2 * 1.6,
        shift=rng.uniform(0.0, 60.0, 3).astype(np.float32),
    )
