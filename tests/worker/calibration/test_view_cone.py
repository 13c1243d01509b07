"""The view cone never drops a point that an extrinsic within the prior can see."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.calibration.camera import Camera
from worker.calibration.config import Prior
from worker.calibration.transforms import RigidTransform, sample_perturbations
from worker.calibration.view_cone import ViewCone

CAMERA = Camera(np.array([[360.0, 0, 304], [0, 360, 93], [0, 0, 1]]), 620, 188)


def random_points(count: int, seed: int) -> torch.Tensor:
    """Points (3, N) in all directions, from a centimetre to a hundred metres away."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(3, count))
    return torch.from_numpy(directions / np.linalg.norm(directions, axis=0) * 10 ** rng.uniform(-2, 2, count))


def random_extrinsic(seed: int) -> RigidTransform:
    vector = np.random.default_rng(seed).normal(size=6)
    return RigidTransform.from_vector(torch.from_numpy(vector))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 180), st.floats(0, 10), st.integers(0, 2**32 - 1))
def test_no_visible_point_is_dropped(rotation_deg, translation_m, seed):
    """Whatever a candidate within the prior sees is among the selected points, near ones and large priors included."""
    initial, points = random_extrinsic(seed), random_points(2000, seed)
    cone = ViewCone.around(initial, CAMERA, Prior(rotation_deg, translation_m))
    kept = {tuple(point) for point in cone.select(points).T.tolist()}
    generator = torch.Generator().manual_seed(seed)
    candidates = sample_perturbations(60, math.radians(rotation_deg), translation_m, generator) @ initial
    seen = CAMERA.project(candidates.apply(points))[2].any(dim=0)
    assert kept.issuperset(tuple(point) for point in points[:, seen].T.tolist())


def test_a_camera_that_steps_back_sees_what_was_behind_it():
    """A point behind the believed centre, but nearer than the centre may be off, is kept."""
    initial = RigidTransform.from_matrix(np.eye(4))
    cone = ViewCone.around(initial, CAMERA, Prior(rotation_deg=0, translation_m=1))
    behind = torch.tensor([[0.0], [0.0], [-0.5]], dtype=torch.float64)
    assert cone.select(behind).shape == (3, 1)


def test_what_lies_behind_the_vehicle_is_dropped():
    """With the usual prior the cone keeps only the part of a sweep that can matter."""
    initial = RigidTransform.from_matrix(np.eye(4))
    points = random_points(4000, 0)
    kept = ViewCone.around(initial, CAMERA, Prior(10, 0.2)).select(points)
    far, kept_far = (selected[:, selected.norm(dim=0) > 10] for selected in (points, kept))
    assert (kept_far[2] > 0).all()
    assert kept_far.shape[1] < far.shape[1] / 3


@pytest.mark.parametrize("value", [1e30, 3e38])
def test_points_beyond_any_measurement_are_dropped(value):
    """A coordinate whose square overflows has no direction to be seen in."""
    initial = RigidTransform.from_matrix(np.eye(4), torch.float32)
    points = torch.tensor([[value, 0.0], [value, 0.0], [value, 5.0]], dtype=torch.float32)
    kept = ViewCone.around(initial, CAMERA, Prior(180, 0.2)).select(points)
    assert kept.T.tolist() == [[0, 0, 5]]
