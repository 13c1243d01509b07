"""A frame with more or fewer points or pixels stays the same scene."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.bench.frames import BenchFrame
from worker.bench.speed.case import Case
from worker.bench.speed.resampling import with_pixels, with_points
from worker.calibration.transforms import RigidTransform


@pytest.fixture
def frame(case: Case) -> BenchFrame:
    """Return a frame whose points carry all that points can carry."""
    frame = case.frames[0]
    numbers = np.arange(len(frame.frame.points), dtype=np.float32)
    return replace(frame, frame=replace(frame.frame, intensity=numbers, point_scores=numbers[:, None]))


def test_fewer_points_are_some_of_those_there_are(frame):
    """None comes twice, and each keeps its label, intensity and scores."""
    fewer = with_points(frame, 500).frame
    index = fewer.intensity.astype(int)
    assert len(set(index)) == 500
    np.testing.assert_array_equal(fewer.points, frame.frame.points[index])
    np.testing.assert_array_equal(fewer.point_labels, frame.frame.point_labels[index])
    np.testing.assert_array_equal(fewer.point_scores[:, 0], fewer.intensity)


def test_more_points_lie_beside_those_there_are(frame):
    """Every point first comes as it is; then they come again, as a second sweep of a resting LiDAR would show them."""
    available = len(frame.frame.points)
    more = with_points(frame, available + 100).frame
    index = more.intensity.astype(int)
    assert sorted(index[:available]) == list(range(available))
    offsets = np.linalg.norm(more.points - frame.frame.points[index], axis=1)
    assert (offsets[:available] == 0).all()
    assert (offsets[available:] > 0).all()
    assert offsets.max() < 0.2


def test_points_are_drawn_from_those_named(frame):
    """The growth of Eq. 1 is measured over points of its classes only."""
    cars = frame.frame.point_labels == frame.frame.point_labels[0]
    assert set(with_points(frame, 300, cars).frame.point_labels) == {frame.frame.point_labels[0]}


@pytest.mark.parametrize("count", [20_000, 400_000])
def test_another_camera_sees_every_point_in_the_same_class(frame, count):
    """About as many pixels as asked for, and a point falls on the label that it fell on, up to rounding at borders."""
    other = with_pixels(frame, count)
    assert other.frame.image_labels.size == pytest.approx(count, rel=0.02)
    assert other.image.shape == (*other.frame.image_labels.shape, 3)
    assert (other.camera.height, other.camera.width) == other.frame.image_labels.shape
    labels = [seen_labels(each, frame) for each in (frame, other)]
    both = (labels[0] >= 0) & (labels[1] >= 0)
    assert both.sum() > 0.98 * (labels[0] >= 0).sum()
    assert (labels[0] == labels[1])[both].mean() > 0.97


def seen_labels(frame: BenchFrame, points_of: BenchFrame) -> np.ndarray:
    points = torch.as_tensor(points_of.frame.points.T, dtype=torch.float64)
    u, v, visible = frame.camera.project(RigidTransform.from_matrix(frame.T_cam_lidar).apply(points))
    labels = np.full(points.shape[1], -1)
    rows, columns = v[visible].round().long(), u[visible].round().long()
    labels[visible.numpy()] = frame.frame.image_labels[rows, columns]
    return labels
