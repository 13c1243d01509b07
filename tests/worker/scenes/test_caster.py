"""The ray caster: looking up candidates by chart finds the same hits as testing every solid with every ray."""

import numpy as np
import pytest

from worker.scenes import Semantic
from worker.scenes.caster import GROUND, NOTHING, cast, occluded
from worker.scenes.charts import ParallelChart, PinholeChart, SphericalChart
from worker.scenes.ground import Ground
from worker.scenes.materials.plain import Plain
from worker.scenes.rays import Rays
from worker.scenes.rig import inverse
from worker.scenes.shapes import Ellipsoid, Frustum, box
from worker.scenes.solids import Pose, Solid, rotation_to

FLAT = Ground(centre_offset=1.7, heading=0.0, curvature=0.0, grade=0.0, grade_change=0.0, half_width=4.0, relief=0.0)


@pytest.fixture(scope="module")
def solids() -> list[Solid]:
    """Return solids all round the sensor, some close by, some large."""
    rng = np.random.default_rng(0)
    shapes = (Ellipsoid(np.array([0.4, 0.9, 0.6])), Frustum(0.5, 0.2, 3.0), box((-3.0, -0.2, -1.0), (3.0, 0.2, 1.0)))
    placed = []
    for number in range(60):
        angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(1.5, 25.0)
        position = np.array([distance * np.cos(angle), distance * np.sin(angle), rng.uniform(-0.5, 3.0)])
        pose = Pose(rotation_to(rng.normal(size=3)), position)
        placed.append(Solid(shapes[number % 3], pose, Semantic.CAR, Plain((0.5, 0.5, 0.5))))
    return placed


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _pinhole_rays() -> Rays:
    K = np.array([[80.0, 0.0, 60.0], [0.0, 80.0, 30.0], [0.0, 0.0, 1.0]])
    T_cam_world = np.eye(4)
    T_cam_world[:3, :3] = [[0, -1, 0], [0, 0, -1], [1, 0, 0]]
    T_cam_world[:3, 3] = -T_cam_world[:3, :3] @ (0.2, 0.1, 1.6)
    pixels = np.stack(np.meshgrid(np.arange(120.0), np.arange(60.0)), axis=-1).reshape(-1, 2)
    ahead = _unit(np.column_stack([(pixels - K[:2, 2]) / 80.0, np.ones(len(pixels))]))
    return Rays(inverse(T_cam_world)[:3, 3][None], ahead @ T_cam_world[:3, :3], pixels, PinholeChart(K, T_cam_world))


def _spinning_rays() -> Rays:
    azimuth, elevation = (
        grid.ravel() for grid in np.meshgrid(np.linspace(-3.14, 3.14, 300), np.linspace(-0.4, 0.3, 30))
    )
    level = np.cos(elevation)
    directions = np.column_stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
    T_sensor_world = np.eye(4)
    T_sensor_world[2, 3] = -1.7
    coordinates = np.column_stack([azimuth, elevation])
    return Rays(np.array([[0.0, 0.0, 1.7]]), directions, coordinates, SphericalChart(T_sensor_world))


@pytest.mark.parametrize("make_rays", [_pinhole_rays, _spinning_rays])
def test_cast_finds_the_nearest_of_all_hits(solids: list[Solid], make_rays: type[Rays]) -> None:
    """Owners and distances agree with a brute-force search, for the camera's and for the LiDAR's chart."""
    rays = make_rays()
    hits = cast(rays, solids, FLAT)
    ground = FLAT.distances(rays.origins, rays.directions, np.full(len(rays), 600.0))
    brute = np.stack([ground, *(solid.distances(rays.origins, rays.directions) for solid in solids)])
    owners = np.where(np.isfinite(brute.min(axis=0)), brute.argmin(axis=0), NOTHING)
    assert len(np.unique(owners)) > 10
    assert np.array_equal(hits.owners, owners)
    assert hits.distances == pytest.approx(brute.min(axis=0), rel=1e-3)


def test_occluded_finds_every_blocked_ray(solids: list[Solid]) -> None:
    """Parallel rays are blocked exactly where some solid lies in their way."""
    rng = np.random.default_rng(1)
    to_sun = _unit(np.array([[0.3, -0.5, 0.7]]))
    axes = rotation_to(to_sun[0])[:, :2]
    origins = rng.uniform((-20, -20, 0), (20, 20, 2), (3000, 3))
    rays = Rays(origins, to_sun, origins @ axes, ParallelChart(axes))
    brute = np.any([np.isfinite(solid.distances(origins, to_sun)) for solid in solids], axis=0)
    assert 0.02 < brute.mean() < 0.98
    assert np.array_equal(occluded(rays, solids), brute)


def test_holes_let_rays_through_to_the_far_side() -> None:
    """A ray through a hole in the front meets the back; through holes in both it meets nothing."""
    shape = box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    pose = Pose(np.eye(3), np.array([5.0, 0.0, 0.0]))

    def no_front(points: np.ndarray) -> np.ndarray:
        return (points[:, 0] > 5.0) & (points[:, 1] < 0.5)

    solid = Solid(shape, pose, Semantic.VEGETATION, Plain((0.1, 0.2, 0.1)), no_front)
    origins = np.array([[0.0, 0.0, 0.0], [0.0, 0.8, 0.0]])
    distances = solid.distances(origins, np.array([[1.0, 0.0, 0.0]]))
    assert distances[0] == pytest.approx(6.0)
    assert np.isinf(distances[1])


def test_rays_reach_the_ground_and_the_sky() -> None:
    """With nothing on it the ground owns what looks down, and nobody what looks up."""
    rays = _spinning_rays()
    hits = cast(rays, [], FLAT)
    assert (hits.owners[rays.directions[:, 2] < -0.05] == GROUND).all()
    assert (hits.owners[rays.directions[:, 2] > 0.2] == NOTHING).all()
