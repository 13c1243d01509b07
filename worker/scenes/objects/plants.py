"""Plants: trees with trunk, boughs and an irregular crown, conifers, bushes and hedges."""

from __future__ import annotations

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Colour
from worker.scenes.materials.foliage import Foliage, LeafGaps
from worker.scenes.materials.plain import Bark
from worker.scenes.noise import Noise
from worker.scenes.semantics import Semantic
from worker.scenes.shapes import Ellipsoid, Frustum, box
from worker.scenes.solids import Pose, Solid, rotation_to, rotation_z

LEAVES: tuple[tuple[Colour, Colour], ...] = (
    ((0.055, 0.12, 0.024), (0.12, 0.19, 0.035)),
    ((0.045, 0.10, 0.026), (0.085, 0.15, 0.03)),
    ((0.075, 0.13, 0.026), (0.16, 0.20, 0.04)),
    ((0.09, 0.12, 0.025), (0.24, 0.19, 0.045)),
    ((0.035, 0.085, 0.03), (0.07, 0.13, 0.035)),
)
_NEEDLES: tuple[Colour, Colour] = ((0.02, 0.055, 0.025), (0.04, 0.08, 0.03))


def build_tree(
    x: float, y: float, z: float, height: float, noise: Noise, rng: np.random.Generator, blobs: int
) -> list[Solid]:
    """Return a broad-leaved tree of this height on the ground at (x, y, z), metres; its crown is so many blobs."""
    trunk_height = height * float(rng.uniform(0.34, 0.44))
    girth = 0.022 * height + float(rng.uniform(0.03, 0.08))
    lean = rng.normal(0.0, 0.04, 2)
    foot = np.array([x, y, z - 0.3])
    fork = foot + np.array([lean[0] * trunk_height, lean[1] * trunk_height, trunk_height + 0.3])
    bark = Bark()
    solids = [_limb(foot, fork, girth, 0.72 * girth, bark)]
    spread = height * float(rng.uniform(0.26, 0.34))
    centre = fork + np.array([0.0, 0.0, 0.32 * height])
    for angle in np.arange(4) * 0.5 * np.pi + rng.uniform(0, 1.2):
        tip = fork + np.array([np.cos(angle), np.sin(angle), 1.5]) * spread * rng.uniform(0.45, 0.7)
        solids.append(_limb(fork - np.array([0, 0, 0.1]), tip, 0.5 * girth, 0.2 * girth, bark))
    colours = LEAVES[rng.integers(len(LEAVES))]
    finish = _finish(colours, centre, 1.15 * spread, rng)
    gaps = LeafGaps(noise, density=float(rng.uniform(0.45, 0.62)), cluster=float(rng.uniform(0.32, 0.5)))
    for _ in range(blobs):
        offset = _in_ball(rng) * np.array([spread, spread, 0.34 * height]) * 0.72
        radii = spread * rng.uniform(0.34, 0.58) * (13 / blobs) ** 0.25 * np.array([1.0, 1.0, rng.uniform(0.65, 0.95)])
        pose = Pose(rotation_z(rng.uniform(0, np.pi)), centre + offset)
        solids.append(Solid(Ellipsoid(radii), pose, Semantic.VEGETATION, finish, gaps))
    return solids


def build_conifer(x: float, y: float, z: float, height: float, noise: Noise, rng: np.random.Generator) -> list[Solid]:
    """Return a conifer: stacked cones of needles on a short trunk."""
    foot = np.array([x, y, z - 0.3])
    solids = [_limb(foot, foot + np.array([0, 0, 0.25 * height]), 0.02 * height + 0.05, 0.02 * height, Bark())]
    radius = height * float(rng.uniform(0.17, 0.24))
    finish = _finish(_NEEDLES, foot + np.array([0, 0, 0.5 * height]), 0.4 * height, rng)
    gaps = LeafGaps(noise, density=0.62, cluster=0.28)
    for tier in range(4):
        low = height * (0.12 + 0.19 * tier)
        width = radius * (1.0 - 0.2 * tier)
        pose = Pose(np.eye(3), np.array([x, y, z + low]))
        cone = Frustum(width, 0.12 * width, height * (0.36 if tier < 3 else 0.31))
        solids.append(Solid(cone, pose, Semantic.VEGETATION, finish, gaps))
    return solids


def build_bush(x: float, y: float, z: float, size: float, noise: Noise, rng: np.random.Generator) -> list[Solid]:
    """Return a bush of this height on the ground at (x, y, z), metres."""
    centre = np.array([x, y, z + 0.4 * size])
    finish = _finish(LEAVES[rng.integers(len(LEAVES))], centre, 0.8 * size, rng)
    gaps = LeafGaps(noise, density=0.72, cluster=0.22)
    solids = []
    for _ in range(int(rng.integers(3, 6))):
        offset = _in_ball(rng) * np.array([0.5, 0.5, 0.15]) * size
        radii = size * rng.uniform(0.35, 0.55) * np.array([1.0, 1.0, 0.9])
        solids.append(Solid(Ellipsoid(radii), Pose(np.eye(3), centre + offset), Semantic.VEGETATION, finish, gaps))
    return solids


def build_hedge(pose: Pose, length: float, height: float, noise: Noise, rng: np.random.Generator) -> list[Solid]:
    """Return a clipped hedge along local x from the origin on the ground, metres."""
    middle = pose.to_world(np.array([[0.5 * length, 0.0, 0.5 * height]]))[0]
    finish = _finish(LEAVES[rng.integers(len(LEAVES))], middle, 0.5 * length, rng)
    gaps = LeafGaps(noise, density=0.85, cluster=0.2)
    core = box((0.05, -0.2, -0.5), (length - 0.05, 0.2, height - 0.07))
    skin = box((0.0, -0.32, -0.5), (length, 0.32, height), rounding=0.15)
    return [
        Solid(skin, pose, Semantic.VEGETATION, finish, gaps),
        Solid(core, pose, Semantic.VEGETATION, finish),
    ]


def build_far_wood(x: float, y: float, z: float, radii: Floats, rng: np.random.Generator) -> Solid:
    """Return a wooded hill for the horizon."""
    finish = _finish(LEAVES[rng.integers(len(LEAVES))], np.array([x, y, z]), 0.8 * float(radii.max()), rng)
    return Solid(
        Ellipsoid(radii), Pose(rotation_z(rng.uniform(0, np.pi)), np.array([x, y, z])), Semantic.VEGETATION, finish
    )


def _finish(colours: tuple[Colour, Colour], centre: Floats, radius: float, rng: np.random.Generator) -> Foliage:
    tone = rng.uniform(0.85, 1.2)
    leaf, accent = ((tone * c[0], tone * c[1], tone * c[2]) for c in colours)
    return Foliage(leaf, accent, (float(centre[0]), float(centre[1]), float(centre[2])), radius)


def _limb(foot: Floats, tip: Floats, foot_radius: float, tip_radius: float, bark: Bark) -> Solid:
    shape = Frustum(foot_radius, tip_radius, float(np.linalg.norm(tip - foot)))
    return Solid(shape, Pose(rotation_to(tip - foot), foot), Semantic.TRUNK, bark)


def _in_ball(rng: np.random.Generator) -> Floats:
    direction = rng.normal(size=3)
    return direction / np.linalg.norm(direction) * rng.random() ** (1 / 3)
