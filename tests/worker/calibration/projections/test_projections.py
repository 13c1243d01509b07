"""Projections: the places OpenCV gives, gradients that are those of the places, and one ray for each place in view."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.calibration.camera import Camera
from worker.calibration.projections import (
    BrownConrady,
    DoubleSphereProjection,
    FisheyeProjection,
    PerspectiveProjection,
    Projection,
    UnifiedProjection,
)

K = np.array([[320.0, 0.4, 330], [0, 310, 235], [0, 0, 1]])
UNSKEWED = np.diag([320.0, 310, 1]) + np.array([[0, 0, 330.0], [0, 0, 235], [0, 0, 0]])
WIDTH, HEIGHT = 641, 481
# Rays of a metre and more up to here (rad) have the depth that a perspective camera asks for.
WIDEST_AHEAD = 1.45

PLUMB_BOB = (-0.31, 0.12, 0.0011, -0.0007, -0.02)
RATIONAL = (0.65, -0.21, 0.0006, 0.0004, -0.012, 0.98, -0.11, -0.03)
FISHEYE = (-0.021, 0.008, -0.005, 0.001)
PROJECTIONS = {
    "plumb_bob": PerspectiveProjection(BrownConrady(PLUMB_BOB)),
    "plumb_bob of four": PerspectiveProjection(BrownConrady(PLUMB_BOB[:4])),
    "rational": PerspectiveProjection(BrownConrady(RATIONAL)),
    "fisheye": FisheyeProjection(FISHEYE),
    "unified inside the sphere": UnifiedProjection(0.8, BrownConrady(PLUMB_BOB[:4])),
    "unified outside the sphere": UnifiedProjection(1.7, BrownConrady((-0.1, 0.02, 0.001, 0.0005))),
    "double sphere": DoubleSphereProjection(-0.25, 0.57),
    "double sphere, wide": DoubleSphereProjection(0.3, 0.62),
}

coefficient = st.floats(-0.6, 0.6)
tangential = st.floats(-0.02, 0.02)
plumb_bob = st.tuples(coefficient, coefficient, tangential, tangential, coefficient).map(BrownConrady)
rational = st.tuples(coefficient, coefficient, tangential, tangential, *[coefficient] * 4).map(BrownConrady)
distortions = st.one_of(plumb_bob, rational)
fisheyes = st.tuples(*[st.floats(-0.2, 0.2)] * 4).map(FisheyeProjection)
any_projection = st.one_of(
    distortions.map(PerspectiveProjection),
    fisheyes,
    st.builds(UnifiedProjection, st.floats(0, 3), plumb_bob),
    st.builds(DoubleSphereProjection, st.floats(-0.9, 0.9), st.floats(0, 1)),
)


def rays(count: int, seed: int, max_angle: float = math.pi) -> np.ndarray:
    """Return points (3, count) within an angle of the optical axis, 1 to 40 m away."""
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, max_angle, count)
    around = generator.uniform(0, 2 * math.pi, count)
    directions = np.stack([np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), np.cos(angle)])
    return directions * generator.uniform(1, 40, count)


def opencv_pixels(projection: Projection, points: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Return OpenCV's pixels (N, 2) of points (3, N)."""
    rows, zero = points.T.reshape(-1, 1, 3).copy(), np.zeros(3)
    if isinstance(projection, PerspectiveProjection):
        pixels, _ = cv2.projectPoints(rows, zero, zero, intrinsics, np.array(projection.distortion.coefficients))
    elif isinstance(projection, FisheyeProjection):
        pixels, _ = cv2.fisheye.projectPoints(rows, zero, zero, intrinsics, np.array(projection.coefficients))
    else:
        distortion = np.array(projection.distortion.coefficients[:4] or [0.0] * 4)
        pixels, _ = cv2.omnidir.projectPoints(rows, zero, zero, intrinsics, projection.xi, distortion)
    return pixels.reshape(-1, 2)


def agrees_with_opencv(projection: Projection, points: np.ndarray, intrinsics: np.ndarray) -> None:
    u, v, _ = Camera(intrinsics, WIDTH, HEIGHT, projection).project(torch.from_numpy(points))
    expected = opencv_pixels(projection, points, intrinsics)
    np.testing.assert_allclose(np.stack([u, v], 1), expected, rtol=1e-9, atol=1e-6)


@given(distortion=distortions, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_perspective_projection_is_opencvs(distortion, seed):
    """`projectPoints` with k1 k2 p1 p2 k3 and with eight coefficients, wherever the model is one to one."""
    projection = PerspectiveProjection(distortion)
    agrees_with_opencv(projection, rays(50, seed, min(WIDEST_AHEAD, 0.99 * projection.max_angle_rad)), UNSKEWED)


@given(projection=fisheyes, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_fisheye_projection_is_opencvs(projection, seed):
    """`fisheye.projectPoints`, which knows the half space ahead only."""
    agrees_with_opencv(projection, rays(50, seed, min(WIDEST_AHEAD, projection.max_angle_rad)), UNSKEWED)


@given(
    xi=st.floats(0, 3),
    distortion=st.tuples(coefficient, coefficient, tangential, tangential).map(BrownConrady),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_unified_projection_is_opencvs(xi, distortion, seed):
    """`omnidir.projectPoints`, skew included."""
    projection = UnifiedProjection(xi, distortion)
    agrees_with_opencv(projection, rays(50, seed, 0.95 * projection.max_angle_rad), K)


@given(xi=st.floats(-0.9, 0.9), alpha=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_double_sphere_projection_is_the_papers(xi, alpha, seed):
    """Equations 40 to 44 of Usenko et al., written down from the paper."""
    projection = DoubleSphereProjection(xi, alpha)
    x, y, z = points = rays(50, seed, 0.95 * projection.max_angle_rad)
    d1 = np.sqrt(x**2 + y**2 + z**2)
    d2 = np.sqrt(x**2 + y**2 + (xi * d1 + z) ** 2)
    below = alpha * d2 + (1 - alpha) * (xi * d1 + z)
    at_x, at_y, _ = projection.project(torch.from_numpy(points))
    np.testing.assert_allclose(at_x, x / below, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(at_y, y / below, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in PROJECTIONS if "sphere" not in name or "unified" in name])
def test_pull_back_is_the_jacobian_of_opencv(name):
    """Central differences of OpenCV's pixels give the gradients that `pull_back` computes."""
    projection = PROJECTIONS[name]
    points, step = rays(40, 3, 0.9 * min(WIDEST_AHEAD, projection.max_angle_rad)), 1e-5
    jacobian = [
        (opencv_pixels(projection, points + shift, UNSKEWED) - opencv_pixels(projection, points - shift, UNSKEWED))
        / (2 * step)
        for shift in step * np.eye(3)[:, :, None]
    ]
    gradient = np.random.default_rng(1).normal(size=(2, 40))
    expected = np.einsum("ink,kn->in", np.stack(jacobian), gradient)
    camera = Camera(UNSKEWED, WIDTH, HEIGHT, projection)
    pulled = camera.pull_back(*torch.from_numpy(gradient), torch.from_numpy(points))
    np.testing.assert_allclose(pulled, expected, rtol=1e-5, atol=1e-4)


@given(projection=any_projection, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_pull_back_is_the_transposed_jacobian(projection, seed):
    """For batches of clouds, gradients carried back equal those of automatic differentiation."""
    camera = Camera(K, WIDTH, HEIGHT, projection)
    widest = 0.98 * projection.max_angle_rad
    if isinstance(projection, PerspectiveProjection):
        widest = min(WIDEST_AHEAD, widest)
    points = torch.from_numpy(rays(60, seed, widest).reshape(3, 2, 30)).transpose(0, 1)
    points = points.clone().requires_grad_()
    generator = torch.Generator().manual_seed(0)
    gradient_u, gradient_v = torch.randn(2, 2, 30, generator=generator, dtype=torch.float64)
    u, v, _ = camera.project(points)
    (gradient_u * u + gradient_v * v).sum().backward()
    pulled = camera.pull_back(gradient_u, gradient_v, points.detach())
    torch.testing.assert_close(pulled, points.grad, rtol=1e-6, atol=1e-6)


@given(projection=any_projection, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_nothing_folds_back_into_the_image(projection, seed):
    """Of all rays around the camera, one at most is seen at each place: the one that the place leads back to."""
    camera = Camera(K, WIDTH, HEIGHT, projection)
    points = rays(2000, seed)
    u, v, in_view = (values.numpy() for values in camera.project(torch.from_numpy(points)))
    directions = points / np.linalg.norm(points, axis=0)
    angle = np.arccos(directions[2])
    assert (angle[in_view] <= projection.max_angle_rad + 1e-9).all()
    # At the very limit the inverse is as steep as one likes.
    sure = in_view & (angle < 0.98 * projection.max_angle_rad)
    back, found = camera.unproject(u[sure], v[sure])
    assert found.all()
    np.testing.assert_allclose(back, directions[:, sure], atol=1e-5)


@pytest.mark.parametrize("name", PROJECTIONS)
def test_no_ray_through_the_image_exceeds_the_largest_angle(name):
    """The widest ray through the border bounds all others; where the model ends within the image, it is the limit."""
    camera = Camera(K, WIDTH, HEIGHT, PROJECTIONS[name])
    u, v = (grid.ravel() for grid in np.meshgrid(np.linspace(-0.5, 640.5, 161), np.linspace(-0.5, 480.5, 121)))
    seen, found = camera.unproject(u, v)
    angles = np.arccos(np.clip(seen[2, found], -1, 1))
    if found.all():
        assert camera.max_ray_angle_rad() == pytest.approx(angles.max(), abs=1e-4)
    else:
        assert camera.max_ray_angle_rad() == PROJECTIONS[name].max_angle_rad
        assert angles.max() <= camera.max_ray_angle_rad() + 1e-6
    u_back, v_back, in_view = camera.project(10 * torch.from_numpy(seen[:, found]))
    np.testing.assert_allclose(u_back, u[found], atol=1e-4)
    np.testing.assert_allclose(v_back, v[found], atol=1e-4)
    assert in_view.float().mean() > 0.97  # the border itself is half open


def test_limits_are_where_the_models_turn_back():
    """Worked out by hand: 1 - 3 k r^2 = 0 for one coefficient, the tangent to the sphere for xi above 1."""
    one = PerspectiveProjection(BrownConrady((-0.3, 0, 0, 0)))
    assert one.max_angle_rad == pytest.approx(math.atan(math.sqrt(1 / 0.9)))
    assert FisheyeProjection((-0.1, 0, 0, 0)).max_angle_rad == pytest.approx(math.sqrt(1 / 0.3))
    assert FisheyeProjection().max_angle_rad == pytest.approx(math.pi)
    assert UnifiedProjection(2.0).max_angle_rad == pytest.approx(math.radians(120))
    assert UnifiedProjection(0.5).max_angle_rad == pytest.approx(math.radians(120))
    assert UnifiedProjection(1.0).max_angle_rad == pytest.approx(math.pi)
    assert DoubleSphereProjection(0.0, 0.0).max_angle_rad == pytest.approx(math.pi / 2)
    pole = PerspectiveProjection(BrownConrady((0, 0, 0, 0, 0, -1.0, 0, 0)))  # 1 / (1 - r^2)
    assert pole.max_angle_rad == pytest.approx(math.pi / 4)
    assert PerspectiveProjection(BrownConrady((0.1, 0.1, 0, 0))).max_angle_rad == pytest.approx(math.pi / 2)


def test_a_fisheye_sees_beside_and_behind_itself():
    """At 100 degrees from the axis depth is negative; the place is that of the angle."""
    angle = math.radians(100)
    points = torch.tensor([[math.sin(angle), 0, math.cos(angle)]], dtype=torch.float64).T * 5
    camera = Camera(np.array([[100.0, 0, 200], [0, 100, 200], [0, 0, 1]]), 401, 401, FisheyeProjection())
    u, v, in_view = camera.project(points)
    assert u.item() == pytest.approx(200 + 100 * angle)
    assert v.item() == pytest.approx(200)
    assert in_view.all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PROJECTIONS)
def test_what_cannot_be_seen_has_finite_pixels(name, dtype):
    """At the camera, behind it, overflowing, NaN: finite pixels, no view; without gradients none come back."""
    huge = torch.finfo(dtype).max
    places = [[0, 0, 0], [0, 0, -5], [huge, 0, 1], [-huge, huge, -1], [math.nan, 0, 1], [0, 0, math.nan], [0, 0.01, 0]]
    points = torch.tensor(places, dtype=dtype).T
    camera = Camera(K, WIDTH, HEIGHT, PROJECTIONS[name])
    u, v, in_view = camera.project(points)
    assert not in_view.any()
    assert torch.isfinite(u).all()
    assert torch.isfinite(v).all()
    finite = points[:, [0, 1, 6]]
    nothing = torch.zeros(3, dtype=dtype)
    assert (camera.pull_back(nothing, nothing, finite) == 0).all()


@pytest.mark.parametrize("name", PROJECTIONS)
def test_single_precision_is_enough(name):
    """Pixels in float32 are within a hundredth of those in float64, gradients within a thousandth."""
    camera = Camera(K, WIDTH, HEIGHT, PROJECTIONS[name])
    points = rays(500, 5, 0.95 * PROJECTIONS[name].max_angle_rad)
    points = torch.from_numpy(np.concatenate([points, [[0, 1e-6], [0, 0], [10, 10]]], axis=1))
    u, v, in_view = camera.project(points)
    assert in_view.sum() > 50
    single_u, single_v, _ = camera.project(points.float())
    assert (single_u - u)[in_view].abs().max() < 1e-2
    assert (single_v - v)[in_view].abs().max() < 1e-2
    gradient = torch.ones(2, points.shape[1], dtype=torch.float64)
    exact = camera.pull_back(*gradient, points)
    single = camera.pull_back(*gradient.float(), points.float())
    assert ((single - exact).norm(dim=0) <= 1e-3 * exact.norm(dim=0) + 1e-3)[in_view].all()


def test_number_of_coefficients():
    """Distortions of OpenCV with other numbers of coefficients are other models."""
    with pytest.raises(ValueError, match="rational 8, not 6"):
        BrownConrady((0.1,) * 6)
