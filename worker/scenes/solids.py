"""Solids: a convex shape placed in the world, with its class and its material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.materials.base import Material
from worker.scenes.semantics import Semantic
from worker.scenes.shapes import Shape

Cutout = Callable[[Floats], Mask]
"""Tells for world points (n, 3) on a surface whether there is matter (a leaf, a picket) or a hole."""


@dataclass(frozen=True)
class Pose:
    """Where a frame stands in the world: p_world = rotation @ p_local + position.

    Attributes:
        rotation: (3, 3).
        position: (3,) metres.
    """

    rotation: Floats
    position: Floats

    def to_world(self, points: Floats) -> Floats:
        """Return local points (n, 3) in the world frame."""
        return points @ self.rotation.T + self.position

    def to_local(self, points: Floats) -> Floats:
        """Return world points (n, 3) in the local frame."""
        return (points - self.position) @ self.rotation

    def at(self, x: float, y: float, z: float, yaw: float = 0.0) -> Pose:
        """Return the pose of a frame at local (x, y, z), turned by yaw radians about local z."""
        return Pose(self.rotation @ rotation_z(yaw), self.to_world(np.array([[x, y, z]]))[0])


def rotation_z(yaw: float) -> Floats:
    """Return the rotation (3, 3) by yaw radians about z."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def rotation_to(direction: Floats) -> Floats:
    """Return a rotation (3, 3) that turns +z into the given direction (3,)."""
    z = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    helper = np.array([1.0, 0.0, 0.0]) if abs(z[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(z, x), z])


@dataclass(frozen=True)
class Solid:
    """A shape in the world.

    Attributes:
        shape: convex, in its own frame.
        pose: where that frame stands.
        semantic: the class of its pixels and points.
        material: how it looks and reflects.
        cutout: holes in its surface; rays pass through them to the far side.
    """

    shape: Shape
    pose: Pose
    semantic: Semantic
    material: Material
    cutout: Cutout | None = None

    @cached_property
    def corners(self) -> Floats:
        """The corners (8, 3) of a box around the solid, in the world frame."""
        low, high = self.shape.bounds
        return self.pose.to_world(np.array(list(product(*zip(low, high, strict=True)))))

    def distances(self, origins: Floats, directions: Floats) -> Floats:
        """Return the distance (n,) at which rays first meet matter, infinite where they miss.

        Args:
            origins: (n, 3) or (1, 3), world frame, metres.
            directions: (n, 3) or (1, 3), world frame, unit length.
        """
        rotation = self.pose.rotation.astype(directions.dtype)
        local_origins = (origins - self.pose.position.astype(directions.dtype)) @ rotation
        entry, leave = self.shape.interval(local_origins, directions @ rotation)
        met = entry < leave
        distance = np.where(met & (entry > 0), entry, np.inf)
        if self.cutout is None:
            return distance
        far = np.where(met & (leave > 0), leave, np.inf)
        distance = np.where(self._holes(distance, origins, directions), far, distance)
        return np.where(self._holes(distance, origins, directions), np.inf, distance)

    def _holes(self, distance: Floats, origins: Floats, directions: Floats) -> Mask:
        """Return which rays find no matter at their distance."""
        assert self.cutout is not None
        empty = ~np.isfinite(distance)
        rows = np.flatnonzero(~empty)
        points = _rows(origins, rows) + distance[rows, None] * _rows(directions, rows)
        empty[rows] = ~self.cutout(points)
        return empty


def _rows(array: Floats, rows: Integers) -> Floats:
    return array if len(array) == 1 else array[rows]
