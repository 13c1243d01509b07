"""The way up and the height above the ground, found from the cloud."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.geometric.level import find_level, rotation_to_z

HEIGHT_M = 1.73


def test_height_and_way_up_of_any_sensor(any_sweep):
    """To a few centimetres and a degree or two: streets slope and bend."""
    level = find_level(any_sweep.points[:, :3])
    assert level is not None
    assert level.height_m == pytest.approx(HEIGHT_M, abs=0.15)
    assert level.rotation[2, 2] > np.cos(np.radians(3))


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_assumed_about_the_axes(sweep_of, seed):
    """A turned cloud has the same ground."""
    points = sweep_of("32 beams").points[:, :3]
    turn = Rotation.random(random_state=seed).as_matrix()
    level, turned = find_level(points), find_level(points @ turn.T)
    assert level is not None
    assert turned is not None
    assert turned.height_m == pytest.approx(level.height_m, abs=0.05)
    np.testing.assert_allclose(turned.rotation[2] @ turn, level.rotation[2], atol=0.02)


def test_vehicle_frame(sweep_of):
    """With the origin on the ground, the height is nothing."""
    level = find_level(sweep_of("64 beams").points[:, :3] + np.array([1.4, 0.0, HEIGHT_M]))
    assert level is not None
    assert level.height_m == pytest.approx(0, abs=0.15)


def test_walls_are_no_ground():
    """In a narrow street two high walls hold more of the cloud than the ground between them."""
    rng = np.random.default_rng(0)
    ground = np.column_stack([rng.uniform(-25, 25, 6000), rng.uniform(-3, 3, 6000), np.full(6000, -1.7)])
    walls = [
        np.column_stack([rng.uniform(-25, 25, 9000), np.full(9000, side), rng.uniform(-1.7, 8, 9000)])
        for side in (-3.0, 3.0)
    ]
    level = find_level(np.concatenate([ground, *walls]) + rng.normal(0, 0.02, (24000, 3)))
    assert level is not None
    assert level.rotation[2, 2] > 0.999
    assert level.height_m == pytest.approx(1.7, abs=0.05)


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_no_ground(size):
    """Points all about, or hardly any, have none."""
    assert find_level(np.random.default_rng(1).uniform(-20, 20, (size, 3))) is None


def test_apply_puts_the_ground_at_zero(sweep_of):
    """Returns from the road end up near z = 0."""
    seen = sweep_of("64 beams")
    level = find_level(seen.points[:, :3])
    assert level is not None
    road = level.apply(seen.points[:, :3])[seen.classes == 0]
    near = np.hypot(road[:, 0], road[:, 1]) < 15
    assert abs(np.median(road[near, 2])) < 0.05


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (0.3, -0.5, 0.8), (1e-9, 0, -1)])
def test_rotation_to_z(direction):
    """A rotation that takes the direction to z, straight down included."""
    unit = np.array(direction, float) / np.linalg.norm(direction)
    rotation = rotation_to_z(unit)
    np.testing.assert_allclose(rotation @ unit, [0, 0, 1], atol=1e-8)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-8)
    assert np.linalg.det(rotation) == pytest.approx(1)
