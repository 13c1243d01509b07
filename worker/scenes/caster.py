"""The ray caster that camera, LiDAR and sun share: one geometry, so truth is exact in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Integers
from worker.scenes.ground import Ground
from worker.scenes.rays import Rays
from worker.scenes.solids import Solid

NOTHING = -1
"""Owner of a ray that leaves the scene."""
GROUND = 0
"""Owner of a ray that meets the ground; owner k > 0 is solid k - 1."""

_REACH_M = 600.0


@dataclass(frozen=True)
class Hits:
    """What rays meet first.

    Attributes:
        distances: (n,) metres, infinite where a ray meets nothing.
        owners: (n,) `NOTHING`, `GROUND`, or 1 + the number of the solid.
    """

    distances: Floats
    owners: Integers


def cast(rays: Rays, solids: Sequence[Solid], ground: Ground) -> Hits:
    """Return the first hit of each ray that starts from one common origin."""
    distances = np.full(len(rays), np.inf, dtype=np.float32)
    owners = np.full(len(rays), NOTHING, dtype=np.int32)
    nearest = _nearest_possible(solids, rays.origins[0])
    for number in np.argsort(nearest, kind="stable"):
        rows = rays.near(solids[number].corners)
        rows = rows[distances[rows] > nearest[number]]
        if len(rows) == 0:
            continue
        candidate = solids[number].distances(rays.origins, rays.directions[rows])
        closer = candidate < distances[rows]
        distances[rows[closer]] = candidate[closer]
        owners[rows[closer]] = number + 1
    to_ground = ground.distances(rays.origins, rays.directions, np.minimum(distances, _REACH_M))
    owners[np.isfinite(to_ground)] = GROUND
    distances = np.minimum(distances, to_ground)
    return Hits(distances, owners)


def occluded(rays: Rays, solids: Sequence[Solid]) -> np.ndarray:
    """Return which of many parallel rays (shared direction) meet any solid, (n,) bool."""
    blocked = np.zeros(len(rays), dtype=bool)
    for solid in solids:
        rows = rays.near(solid.corners)
        rows = rows[~blocked[rows]]
        if len(rows):
            blocked[rows] = np.isfinite(solid.distances(rays.origins[rows], rays.directions))
    return blocked


def _nearest_possible(solids: Sequence[Solid], origin: Floats) -> Floats:
    """Return a distance (m,) that no hit on a solid can fall below: to the ball around its corners."""
    corners = np.stack([solid.corners for solid in solids]) if solids else np.zeros((0, 8, 3))
    middles = corners.mean(axis=1)
    radii = np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1)
    return np.linalg.norm(middles - origin, axis=1) - radii
