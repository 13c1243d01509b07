"""The pinhole camera: where points land, which of them are in view, and how gradients travel back."""

import math

import numpy as np
import pytest
import torch

from worker.calibration.camera import MIN_DEPTH_M, Camera

K = np.array([[100.0, 0, 50], [0, 200, 30], [0, 0, 1]])
SKEWED = np.array([[100.0, 5, 50], [0, 200, 30], [0, 0, 1]])


def column(*points: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(points, dtype=torch.float64).T


def test_points_land_where_the_pinhole_model_says():
    """Pixels computed by hand: u = fx x / z + cx and v = fy y / z + cy."""
    u, v, in_view = Camera(K, 101, 61).project(column((0, 0, 5), (1, 0.2, 4), (-2, 1, 10)))
    assert u.tolist() == [50, 75, 30]
    assert v.tolist() == [30, 40, 50]
    assert in_view.all()


def test_skew_moves_points_along_the_rows():
    """The second entry of K's first row counts."""
    u, v, _ = Camera(SKEWED, 101, 61).project(column((1, 0.2, 4)))
    assert u.item() == pytest.approx(75.25)
    assert v.item() == pytest.approx(40)


def test_projection_agrees_with_homogeneous_coordinates():
    """For a batch of clouds the pixels are those of K p, divided by depth."""
    points = torch.randn(2, 3, 3, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points[..., 2, :] = points[..., 2, :].abs() + 1
    u, v, _ = Camera(SKEWED, 101, 61).project(points)
    homogeneous = torch.from_numpy(SKEWED) @ points
    torch.testing.assert_close(u, homogeneous[..., 0, :] / homogeneous[..., 2, :])
    torch.testing.assert_close(v, homogeneous[..., 1, :] / homogeneous[..., 2, :])


def test_nothing_behind_the_camera_is_in_view():
    """A point behind the camera, on its plane or closer than a LiDAR measures has a finite pixel and is not seen."""
    u, v, in_view = Camera(K, 101, 61).project(column((0, 0, -5), (0, 0, 0), (1, 1, 0), (0, 0, MIN_DEPTH_M)))
    assert not in_view.any()
    assert torch.isfinite(u).all()
    assert torch.isfinite(v).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_points_and_poses_without_a_finite_pixel_are_not_in_view(dtype):
    """Overflow and NaN leave a finite pixel and no view."""
    huge = torch.finfo(dtype).max
    points = torch.tensor([[huge, 0, 1], [-huge, huge, 1], [math.nan, 0, 1], [0, math.nan, 1], [0, 0, math.nan]])
    u, v, in_view = Camera(K, 101, 61).project(points.to(dtype).T)
    assert not in_view.any()
    assert torch.isfinite(u).all()
    assert torch.isfinite(v).all()


def test_the_image_spans_whole_pixels():
    """Pixel centres are integers: the image reaches half a pixel beyond the first and the last."""
    camera = Camera(K, 4, 3)
    u = torch.tensor([-0.51, -0.5, 0.0, 3.49, 3.5])
    assert camera.contains(u, torch.zeros(5)).tolist() == [False, True, True, True, False]
    assert camera.contains(torch.zeros(4), torch.tensor([-0.51, -0.5, 2.49, 2.5])).tolist() == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("intrinsics", [K, SKEWED], ids=["square", "skewed"])
def test_pull_back_is_the_transposed_jacobian(intrinsics):
    """Gradients carried back by hand equal those of automatic differentiation; points behind the camera get none."""
    camera = Camera(intrinsics, 101, 61)
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(2, 3, 40, generator=generator, dtype=torch.float64).requires_grad_()
    in_front = (points[:, 2] > MIN_DEPTH_M).detach()
    gradient_u, gradient_v = torch.randn(2, 2, 40, generator=generator, dtype=torch.float64) * in_front
    u, v, _ = camera.project(points)
    (gradient_u * u + gradient_v * v).sum().backward()
    expected = points.grad * in_front[:, None]
    torch.testing.assert_close(camera.pull_back(gradient_u, gradient_v, points.detach()), expected)


@pytest.mark.parametrize("principal_point", [(50, 30), (0, 60), (-40, 100)])
def test_no_ray_through_the_image_exceeds_the_largest_angle(principal_point):
    """The widest ray bounds all others, wherever the principal point lies."""
    intrinsics = K.copy()
    intrinsics[:2, 2] = principal_point
    camera = Camera(intrinsics, 101, 61)
    u, v = np.meshgrid(np.linspace(-0.5, 100.5, 102), np.linspace(-0.5, 60.5, 62))
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(intrinsics).T
    angles = np.arccos(rays[..., 2] / np.linalg.norm(rays, axis=-1))
    assert camera.max_ray_angle_rad() == pytest.approx(angles.max())
