"""From hits to surfaces: where the rays met what, and how that looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.caster import GROUND, NOTHING, Hits
from worker.scenes.materials.base import Appearance, Material, Surface
from worker.scenes.rays import Rays
from worker.scenes.repaint import repaint
from worker.scenes.scene import Scene
from worker.scenes.semantics import Semantic


@dataclass(frozen=True)
class Places:
    """The places n rays met, with rays that met nothing left out.

    Attributes:
        rows: (n,) which rays.
        world: (n, 3) metres.
        normals: (n, 3) unit, world frame.
        look: their appearance.
    """

    rows: Integers
    world: Floats
    normals: Floats
    look: Appearance


def classes(rays: Rays, hits: Hits, scene: Scene) -> Integers:
    """Return the code of the class each ray meets, (n,); the sky's where it meets nothing."""
    of_solid = np.array([0, *(solid.semantic.code for solid in scene.solids)], dtype=np.int32)
    codes = of_solid[np.maximum(hits.owners, 0)]
    codes[hits.owners == NOTHING] = Semantic.SKY.code
    rows = np.flatnonzero(hits.owners == GROUND)
    points = rays.points(hits.distances[rows], rows)
    codes[rows] = scene.ground.semantics(points[:, 0], points[:, 1])
    return codes


def places(rays: Rays, hits: Hits, scene: Scene, pixel_rad: float) -> Places:
    """Return surface and appearance wherever rays met something.

    Args:
        rays: (m,) with a shared origin.
        hits: what they met.
        scene: the scene.
        pixel_rad: angle between neighbouring rays, to which textures are blurred.
    """
    rows = np.flatnonzero(hits.owners != NOTHING)
    rows = rows[np.argsort(hits.owners[rows], kind="stable")]
    owners = hits.owners[rows]
    world = rays.points(hits.distances[rows], rows).astype(np.float32)
    views = rays.directions[rows]
    local, local_normals, normals = world.copy(), np.zeros_like(world), np.zeros_like(world)
    local_views = views.copy()
    starts = np.flatnonzero(np.diff(owners, prepend=-2))
    groups: dict[int, tuple[Material, list[slice]]] = {}
    for start, end in zip(starts, np.append(starts[1:], len(rows)), strict=True):
        part = slice(int(start), int(end))
        if owners[start] == GROUND:
            normals[part] = scene.ground.normals(world[part, 0], world[part, 1])
            local_normals[part] = normals[part]
            material = scene.pavement
        else:
            solid = scene.solids[owners[start] - 1]
            rotation = solid.pose.rotation.astype(np.float32)
            local[part] = solid.pose.to_local(world[part])
            local_normals[part] = solid.shape.normals(local[part])
            normals[part] = local_normals[part] @ rotation.T
            local_views[part] = views[part] @ rotation
            material = solid.material
        groups.setdefault(id(material), (material, []))[1].append(part)
    # Inside a hollow crown the far side is seen from within.
    inside = np.einsum("ij,ij->i", normals, views) > 0
    normals[inside] *= -1
    surface = Surface(
        world=world,
        local=local,
        normal=normals,
        local_normal=local_normals,
        local_view=local_views,
        pixel=hits.distances[rows].astype(np.float32) * np.float32(pixel_rad),
        noise=scene.noise,
        contrast=scene.config.look.texture_contrast,
    )
    look = _appearance(surface, list(groups.values()))
    if scene.config.look.repaint > 0:
        look = repaint(look, surface, owners, scene)
    return Places(rows, world, normals, look)


def _appearance(surface: Surface, groups: list[tuple[Material, list[slice]]]) -> Appearance:
    n = len(surface)
    result = Appearance(
        albedo=np.zeros((n, 3), dtype=np.float32),
        gloss=np.zeros(n, dtype=np.float32),
        bump=np.zeros((n, 3), dtype=np.float32),
        exposure=np.ones(n, dtype=np.float32),
        reflectance=np.zeros(n, dtype=np.float32),
        glow=np.zeros(n, dtype=np.float32),
    )
    for material, parts in groups:
        rows = np.concatenate([np.arange(part.start, part.stop) for part in parts])
        look = material.appearance(surface.take(rows))
        for name in ("albedo", "gloss", "bump", "exposure", "reflectance", "glow"):
            getattr(result, name)[rows] = getattr(look, name)
    return result
