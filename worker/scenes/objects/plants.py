"""Plants: trees with trunk, boughs and an irregular crown, conifers, bushes and hedges."""

from __future__ import annotations

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Colour
from worker.scenes.materials.foliage import FarWood, Foliage, LeafGaps
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
_ROOT = np.array([0.0, 0.0, 0.3])
"""Trunks start this far below the ground, metres."""
_NEEDLES: tuple[Colour, Colour] = ((0.02, 0.055, 0.025), (0.04, 0.08, 0.03))


def build_tree(place: Floats, height: float, noise: Noise, rng: np.random.Generator, *, near: bool) -> list[Solid]:
    """Return a broad-leaved tree of this height at a place (3,) on the ground, metres; far ones are simpler."""
    spread = height * float(rng.uniform(0.26, 0.34))
    girth = 0.022 * height + float(rng.uniform(0.03, 0.08))
    rise = height * float(rng.uniform(0.34, 0.44))
    fork = place + np.array([*rng.normal(0.0, 0.04 * rise, 2), rise])
    wood = [_limb(place - _ROOT, fork, girth, 0.72 * girth, Bark())]
    for angle in np.arange(4) * 0.5 * np.pi + rng.uniform(0, 1.2):
        tip = fork + np.array([np.cos(angle), np.sin(angle), 1.5]) * spread * rng.uniform(0.45, 0.7)
        wood.append(_limb(fork - 0.3 * _ROOT, tip, 0.5 * girth, 0.2 * girth, Bark()))
    return wood + _crown(
        fork + np.array([0.0, 0.0, 0.32 * height]), np.array([spread, spread, 0.36 * height]), noise, rng, near
    )


def _crown(centre: Floats, radii: Floats, noise: Noise, rng: np.random.Generator, near: bool) -> list[Solid]:
    """Return blobs of leaves that fill an ellipsoid."""
    finish = _finish(LEAVES[rng.integers(len(LEAVES))], centre, 1.15 * float(radii[0]), rng)
    density, cluster = float(rng.uniform(0.5, 0.65)), float(rng.uniform(0.3, 0.45))
    shells = [(0.78, LeafGaps(noise, density, cluster))]
    if near:
        # A loose shell about a denser one frays the outline.
        shells.append((1.0, LeafGaps(noise, 0.55 * density, 0.7 * cluster)))
    solids = []
    for _ in range(18 if near else 7):
        size = radii[0] * rng.uniform(0.32, 0.5) * (1.0 if near else 1.33)
        blob = size * rng.uniform([0.8, 0.8, 0.55], [1.2, 1.2, 0.9])
        tilt = rotation_to(np.array([*rng.normal(0.0, 0.35, 2), 1.0]))
        pose = Pose(tilt, centre + 0.76 * _in_ball(rng) * radii)
        solids += [Solid(Ellipsoid(share * blob), pose, Semantic.VEGETATION, finish, gaps) for share, gaps in shells]
    return solids


def build_conifer(place: Floats, height: float, noise: Noise, rng: np.random.Generator) -> list[Solid]:
    """Return a conifer of this height at a place (3,), metres: stacked cones of needles on a short trunk."""
    up = np.array([0.0, 0.0, height])
    solids = [_limb(place - _ROOT, place + 0.25 * up, 0.02 * height + 0.05, 0.02 * height, Bark())]
    radius = height * float(rng.uniform(0.17, 0.24))
    finish = _finish(_NEEDLES, place + 0.5 * up, 0.4 * height, rng)
    gaps = LeafGaps(noise, density=0.62, cluster=0.22)
    for tier in range(4):
        width = radius * (1.0 - 0.2 * tier)
        pose = Pose(np.eye(3), place + (0.12 + 0.19 * tier) * up)
        cone = Frustum(width, 0.12 * width, height * (0.36 if tier < 3 else 0.31))
        solids.append(Solid(cone, pose, Semantic.VEGETATION, finish, gaps))
    return solids


def build_bush(place: Floats, size: float, noise: Noise, rng: np.random.Generator) -> list[Solid]:
    """Return a bush of this height at a place (3,) on the ground, metres."""
    centre = place + np.array([0.0, 0.0, 0.4 * size])
    finish = _finish(LEAVES[rng.integers(len(LEAVES))], centre, 0.8 * size, rng)
    gaps = LeafGaps(noise, density=0.7, cluster=0.3)
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
    gaps = LeafGaps(noise, density=0.85, cluster=0.25)
    core = box((0.05, -0.2, -0.5), (length - 0.05, 0.2, height - 0.07))
    skin = box((0.0, -0.32, -0.5), (length, 0.32, height), rounding=0.15)
    return [
        Solid(skin, pose, Semantic.VEGETATION, finish, gaps),
        Solid(core, pose, Semantic.VEGETATION, finish),
    ]


def build_far_wood(place: Floats, radii: Floats, noise: Noise, rng: np.random.Generator) -> Solid:
    """Return a wooded hill of radii (3,) about a place (3,) on the horizon, metres."""
    finish = FarWood(*LEAVES[rng.integers(len(LEAVES))])
    return Solid(
        Ellipsoid(radii),
        Pose(rotation_z(rng.uniform(0, np.pi)), place),
        Semantic.VEGETATION,
        finish,
        LeafGaps(noise, 0.9, 9.0),
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
