"""Convex shapes: a ray meets each of them in one interval, which is all the ray caster needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from worker.scenes.arrays import Floats


class Shape(Protocol):
    """A convex body in its own frame."""

    @property
    def bounds(self) -> Floats:
        """Return the corners (2, 3), lowest and highest, of a box around the shape, in metres."""
        ...

    def interval(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """Return where rays enter and leave, (n,) each, in units of the direction; entry > exit where they miss.

        Args:
            origins: (n, 3) or, where shared, (1, 3).
            directions: (n, 3) or, where shared, (1, 3).
        """
        ...

    def normals(self, points: Floats) -> Floats:
        """Return outward unit normals (n, 3) at points (n, 3) of the surface."""
        ...


@dataclass(frozen=True)
class Polyhedron:
    """The points p with normals @ p <= offsets.

    Attributes:
        face_normals: (k, 3) outward unit normals.
        offsets: (k,) metres.
        bounds: (2, 3) corners of a box around it, metres.
        rounding: edges are shaded as if rounded with this radius in metres; the geometry stays sharp.
    """

    face_normals: Floats
    offsets: Floats
    bounds: Floats
    rounding: float = 0.0

    def interval(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """See `Shape.interval`; slab method over half-spaces (Kay and Kajiya 1986)."""
        faces = self.face_normals.astype(directions.dtype)
        slack = self.offsets.astype(directions.dtype)[:, None] - faces @ origins.T
        speed = faces @ directions.T
        speed = np.where(np.abs(speed) < 1e-9, np.float32(1e-9), speed)
        crossing = slack / speed
        inward = speed < 0
        entry = np.where(inward, crossing, -np.inf).max(axis=0)
        leave = np.where(inward, np.inf, crossing).min(axis=0)
        return entry, leave

    def normals(self, points: Floats) -> Floats:
        """See `Shape.normals`."""
        depth = points @ self.face_normals.T - self.offsets
        if self.rounding == 0.0:
            return self.face_normals[np.argmax(depth, axis=1)]
        weights = np.exp((depth - depth.max(axis=1, keepdims=True)) / self.rounding)
        blended = weights @ self.face_normals
        return blended / np.linalg.norm(blended, axis=1, keepdims=True)


@dataclass(frozen=True)
class Ellipsoid:
    """An axis-aligned ellipsoid about the origin.

    Attributes:
        radii: (3,) metres.
    """

    radii: Floats

    @property
    def bounds(self) -> Floats:
        """See `Shape.bounds`."""
        return np.stack([-self.radii, self.radii])

    def interval(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """See `Shape.interval`; by the point of closest approach, which stays accurate far away."""
        radii = self.radii.astype(directions.dtype)
        o, d = origins / radii, directions / radii
        dd = np.einsum("ij,ij->i", d, d)
        middle = -np.einsum("ij,ij->i", *np.broadcast_arrays(o, d)) / dd
        closest = o + middle[:, None] * d
        inside = 1.0 - np.einsum("ij,ij->i", closest, closest)
        half = np.sqrt(np.maximum(inside, 0.0) / dd)
        hit = inside > 0
        return np.where(hit, middle - half, np.inf), np.where(hit, middle + half, -np.inf)

    def normals(self, points: Floats) -> Floats:
        """See `Shape.normals`."""
        gradient = points / self.radii**2
        return gradient / np.linalg.norm(gradient, axis=1, keepdims=True)


@dataclass(frozen=True)
class Frustum:
    """A cone cut off below and above, standing on z = 0 along +z; a cylinder where both radii are equal.

    Attributes:
        bottom_radius: metres.
        top_radius: metres.
        height: metres.
    """

    bottom_radius: float
    top_radius: float
    height: float

    @property
    def bounds(self) -> Floats:
        """See `Shape.bounds`."""
        radius = max(self.bottom_radius, self.top_radius)
        return np.array([[-radius, -radius, 0.0], [radius, radius, self.height]])

    @property
    def _taper(self) -> float:
        return (self.top_radius - self.bottom_radius) / self.height

    def interval(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """See `Shape.interval`; the quadratic of the cone, cut to the slab between its ends."""
        taper = np.float32(self._taper)
        o, d = origins.T, directions.T
        radius = self.bottom_radius + taper * o[2]
        a = d[0] ** 2 + d[1] ** 2 - (taper * d[2]) ** 2
        a = np.where(np.abs(a) < 1e-9, np.float32(1e-9), a)
        b = o[0] * d[0] + o[1] * d[1] - radius * taper * d[2]
        c = o[0] ** 2 + o[1] ** 2 - radius**2
        discriminant = b * b - a * c
        root = np.sqrt(np.maximum(discriminant, 0.0))
        first, last = (-b - root) / a, (-b + root) / a
        # A ray steeper than the cone's side (a < 0) is inside beyond both roots; one of the two is the mirror cone.
        steep, widening = a < 0, taper * d[2] > 0
        entry = np.where(steep, np.where(widening, first, -np.inf), first)
        leave = np.where(steep, np.where(widening, np.inf, last), last)
        always = steep & (discriminant < 0)
        entry, leave = np.where(always, -np.inf, entry), np.where(always, np.inf, leave)
        climb = np.where(np.abs(d[2]) < 1e-9, np.float32(1e-9), d[2])
        low, high = -o[2] / climb, (self.height - o[2]) / climb
        entry, leave = np.maximum(entry, np.minimum(low, high)), np.minimum(leave, np.maximum(low, high))
        hit = always | (discriminant > 0)
        return np.where(hit, entry, np.inf), np.where(hit, leave, -np.inf)

    def normals(self, points: Floats) -> Floats:
        """See `Shape.normals`."""
        radius = np.linalg.norm(points[:, :2], axis=1)
        side = np.column_stack([points[:, :2] / np.maximum(radius, 1e-6)[:, None], np.full(len(points), -self._taper)])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        to_side = np.abs(radius - self.bottom_radius - self._taper * points[:, 2])
        to_caps = np.minimum(np.abs(points[:, 2]), np.abs(points[:, 2] - self.height))
        up = np.where(points[:, 2] > self.height / 2, 1.0, -1.0)
        cap = np.column_stack([np.zeros((len(points), 2)), up])
        return np.where((to_caps < to_side)[:, None], cap, side)


def box(low: tuple[float, float, float], high: tuple[float, float, float], rounding: float = 0.0) -> Polyhedron:
    """Return the axis-aligned box between two corners, metres."""
    bounds = np.array([low, high], dtype=float)
    return Polyhedron(
        np.concatenate([-np.eye(3), np.eye(3)]), np.concatenate([-bounds[0], bounds[1]]), bounds, rounding
    )


def prism(
    profile: Floats, half_width: float, *, lean: float = 0.0, lean_from: float = 0.0, rounding: float = 0.0
) -> Polyhedron:
    """Return a convex profile in the x-z plane, extruded along y to both sides.

    Args:
        profile: (k, 2) corners (x, z) in metres, counter-clockwise when x points right and z up.
        half_width: metres, at height `lean_from`.
        lean: the sides lean inward by this much per metre of height above `lean_from`.
        lean_from: height in metres.
        rounding: see `Polyhedron`.
    """
    edges = np.roll(profile, -1, axis=0) - profile
    normals_2d = np.column_stack([edges[:, 1], -edges[:, 0]]) / np.linalg.norm(edges, axis=1, keepdims=True)
    faces = np.column_stack([normals_2d[:, 0], np.zeros(len(profile)), normals_2d[:, 1]])
    offsets = np.einsum("ij,ij->i", normals_2d, profile)
    sides = np.array([[0.0, 1.0, lean], [0.0, -1.0, lean]]) / np.hypot(1.0, lean)
    side_offset = (half_width + lean * lean_from) / np.hypot(1.0, lean)
    width = half_width + max(0.0, lean * (lean_from - profile[:, 1].min()))
    low, high = profile.min(axis=0), profile.max(axis=0)
    return Polyhedron(
        np.concatenate([faces, sides]),
        np.concatenate([offsets, [side_offset, side_offset]]),
        np.array([[low[0], -width, low[1]], [high[0], width, high[1]]]),
        rounding,
    )


def cut(shape: Polyhedron, normal: tuple[float, float, float], offset: float) -> Polyhedron:
    """Return the part of a polyhedron with normal @ p <= offset; the normal need not have unit length."""
    length = float(np.linalg.norm(normal))
    return Polyhedron(
        np.concatenate([shape.face_normals, [np.asarray(normal) / length]]),
        np.concatenate([shape.offsets, [offset / length]]),
        shape.bounds,
        shape.rounding,
    )
