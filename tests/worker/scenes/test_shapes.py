"""Convex shapes: intervals against a brute-force march, normals against finite differences."""

from collections.abc import Callable

import numpy as np
import pytest

from worker.scenes.shapes import Ellipsoid, Frustum, Polyhedron, Shape, box, cut, prism

_ROOF = np.array([(-1.0, 0.0), (1.0, 0.0), (0.3, 0.8), (-0.4, 0.9)])


def _in_ellipsoid(p: np.ndarray) -> np.ndarray:
    return ((p / (0.7, 1.1, 0.5)) ** 2).sum(axis=-1) < 1


def _in_frustum(p: np.ndarray) -> np.ndarray:
    radius = 0.8 + (0.3 - 0.8) * p[..., 2] / 1.5
    return (np.hypot(p[..., 0], p[..., 1]) < radius) & (p[..., 2] > 0) & (p[..., 2] < 1.5)


def _in_polyhedron(shape: Polyhedron) -> Callable[[np.ndarray], np.ndarray]:
    return lambda p: (p @ shape.face_normals.T < shape.offsets).all(axis=-1)


_LEANING = cut(prism(_ROOF, 0.6, lean=0.2, lean_from=0.1), (1.0, 1.0, 0.5), 1.2)
CASES: list[tuple[str, Shape, Callable[[np.ndarray], np.ndarray]]] = [
    ("ellipsoid", Ellipsoid(np.array([0.7, 1.1, 0.5])), _in_ellipsoid),
    ("frustum", Frustum(0.8, 0.3, 1.5), _in_frustum),
    ("box", box((-0.5, -0.4, -0.3), (0.9, 0.8, 0.7)), _in_polyhedron(box((-0.5, -0.4, -0.3), (0.9, 0.8, 0.7)))),
    ("prism", _LEANING, _in_polyhedron(_LEANING)),
]


@pytest.mark.parametrize(("shape", "inside"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
class TestShape:
    """Every shape keeps the contract of `Shape`."""

    def test_interval_is_where_the_ray_is_inside(
        self, shape: Shape, inside: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        """Points marched along rays are inside exactly between entry and exit."""
        rng = np.random.default_rng(0)
        origins = rng.normal(size=(400, 3)) * 3.0
        targets = rng.uniform((-0.6, -0.6, -0.2), (0.6, 0.6, 1.0), (400, 3))
        directions = targets - origins
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        entry, leave = shape.interval(origins, directions)
        steps = np.arange(-10.0, 15.0, 0.01)
        marched = inside(origins[:, None] + steps[:, None] * directions[:, None])
        between = (steps > entry[:, None]) & (steps < leave[:, None])
        near_end = np.minimum(np.abs(steps - entry[:, None]), np.abs(steps - leave[:, None])) < 0.005
        assert marched.any(axis=1).sum() > 100
        assert np.array_equal(marched[~near_end], between[~near_end])

    def test_shared_origin_gives_the_same(self, shape: Shape, inside: Callable[[np.ndarray], np.ndarray]) -> None:
        """One origin for all rays may be given as (1, 3)."""
        assert inside is not None
        directions = np.random.default_rng(1).normal(size=(50, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        origin = np.array([[2.0, -1.5, 1.0]])
        for shared, own in zip(
            shape.interval(origin, directions), shape.interval(np.repeat(origin, 50, axis=0), directions), strict=True
        ):
            assert shared == pytest.approx(own)

    def test_normals_point_outward(self, shape: Shape, inside: Callable[[np.ndarray], np.ndarray]) -> None:
        """A little along the normal one is outside, a little against it inside."""
        rng = np.random.default_rng(2)
        middle = shape.bounds.mean(axis=0)
        directions = rng.normal(size=(200, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        origins = np.repeat(middle[None], 200, axis=0)
        surface = origins + shape.interval(origins, directions)[1][:, None] * directions
        normals = shape.normals(surface)
        assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0)
        assert not inside(surface + 1e-3 * normals).any()
        assert inside(surface - 1e-3 * normals).mean() > 0.97

    def test_bounds_hold_the_shape(self, shape: Shape, inside: Callable[[np.ndarray], np.ndarray]) -> None:
        """No inner point lies outside the bounds."""
        points = np.random.default_rng(3).uniform(-2.0, 2.0, (20000, 3))
        inner = points[inside(points)]
        assert len(inner) > 100
        assert (inner >= shape.bounds[0]).all()
        assert (inner <= shape.bounds[1]).all()
