"""The ground: rays end on its surface, and its classes follow its cross-section."""

import numpy as np
import pytest

from worker.scenes import Semantic
from worker.scenes.ground import Ground

HILLY = Ground(
    centre_offset=1.6,
    heading=0.01,
    curvature=0.006,
    grade=-0.03,
    grade_change=0.0006,
    half_width=5.0,
    verge=1.5,
    bank=0.04,
    relief=0.4,
    crossing=(30.0, 3.0),
)


def test_rays_end_on_the_surface() -> None:
    """Where a ray ends, its height is that of the ground, within 2 mm."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(5000, 3)) * (1.0, 1.0, 0.1) - (0.0, 0.0, 0.12)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origin = np.array([[0.0, 0.0, 1.73]])
    distances = HILLY.distances(origin, directions, np.full(5000, 300.0))
    hit = np.isfinite(distances)
    points = origin + distances[hit, None] * directions[hit]
    assert hit.mean() > 0.5
    assert points[:, 2] == pytest.approx(HILLY.heights(points[:, 0], points[:, 1]), abs=2e-3)


def test_rays_do_not_pass_below_the_surface_before_they_end() -> None:
    """Marched finely, rays stay above the ground up to where they end."""
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(300, 3)) * (1.0, 1.0, 0.1) - (0.0, 0.0, 0.1)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origin = np.array([[0.0, 0.0, 1.73]])
    distances = HILLY.distances(origin, directions, np.full(300, 120.0))
    ends = np.where(np.isfinite(distances), distances, 120.0)
    points = origin[0] + (np.linspace(0.0, 0.999, 3000)[:, None] * ends)[..., None] * directions
    above = points[..., 2] - HILLY.heights(points[..., 0].ravel(), points[..., 1].ravel()).reshape(points.shape[:2])
    assert np.mean(above.min(axis=0) > -0.01) > 0.99


def test_rays_stop_at_their_limit() -> None:
    """A ray whose limit comes before the ground does not end on it."""
    down = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, -1.0]])
    distances = HILLY.distances(np.array([[0.0, 0.0, 1.73]]), down, np.array([1.0, 5.0]))
    assert np.isinf(distances[0])
    assert distances[1] == pytest.approx(1.73, abs=1e-3)


def test_the_vehicle_stands_on_z_zero_in_its_lane() -> None:
    """The world's origin lies on the road."""
    assert HILLY.height(0.0, 0.0) == pytest.approx(0.0, abs=1e-3)
    assert HILLY.semantics(np.zeros(1), np.zeros(1))[0] == Semantic.ROAD.code


def test_the_sidewalk_stands_a_kerb_above_the_road() -> None:
    """Across the kerb the height rises by the height of the kerb, and the class changes from road to sidewalk."""
    x, y, _ = HILLY.along(5.0, HILLY.half_width - 0.01)
    kerb_x, kerb_y, _ = HILLY.along(5.0, HILLY.half_width + 0.05)
    assert HILLY.height(kerb_x, kerb_y) - HILLY.height(x, y) == pytest.approx(HILLY.kerb_height, abs=0.01)
    codes = HILLY.semantics(np.array([x, kerb_x]), np.array([y, kerb_y]))
    assert list(codes) == [Semantic.ROAD.code, Semantic.SIDEWALK.code]


def test_cross_section_has_verge_sidewalk_and_yard() -> None:
    """Beyond the kerb stone lie grass, sidewalk, and grass again."""
    laterals = HILLY.half_width + np.array([0.08, 0.9, 2.5, 6.0])
    places = np.array([HILLY.along(-10.0, float(lateral))[:2] for lateral in laterals])
    names = [list(Semantic)[code] for code in HILLY.semantics(places[:, 0], places[:, 1])]
    assert names == [Semantic.SIDEWALK, Semantic.TERRAIN, Semantic.SIDEWALK, Semantic.TERRAIN]


def test_the_side_street_interrupts_the_sidewalk() -> None:
    """At the side street there is road where elsewhere the sidewalk runs."""
    x, y, _ = HILLY.along(30.0, HILLY.half_width + 2.5)
    assert HILLY.semantics(np.array([x]), np.array([y]))[0] == Semantic.ROAD.code
