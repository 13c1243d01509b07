"""Rendered frames: exact truth, reproducible, and a rig as asked for."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from worker.scenes import RenderedFrame, RigConfig, SceneConfig, Semantic, generate, render

Render = Callable[[int, int, SceneConfig], RenderedFrame]


def _project(frame: RenderedFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pixels (m, 2), distances (m,) and rows (m,) of the points inside the image."""
    in_camera = frame.points.astype(float) @ frame.T_cam_lidar[:3, :3].T + frame.T_cam_lidar[:3, 3]
    ahead = np.flatnonzero(in_camera[:, 2] > 0.1)
    uv = in_camera[ahead] @ frame.K.T
    uv = np.rint(uv[:, :2] / uv[:, 2:]).astype(int)
    height, width = frame.image_labels.shape
    inside = (uv >= 0).all(axis=1) & (uv[:, 0] < width) & (uv[:, 1] < height)
    rows = ahead[inside]
    return uv[inside], np.linalg.norm(in_camera[rows], axis=1), rows


def _ranges_by_direction(frame: RenderedFrame) -> dict[tuple[float, ...], float]:
    distance = np.linalg.norm(frame.points.astype(float), axis=1)
    directions = np.round(frame.points / distance[:, None], 3)
    return {tuple(direction): range_m for direction, range_m in zip(directions, distance, strict=True)}


def test_image_and_point_labels_agree_through_the_true_extrinsic(frame: RenderedFrame) -> None:
    """A point the camera sees too has the class of its pixel, unless a border passes within a pixel."""
    uv, distance, rows = _project(frame)
    depth = frame.depth[uv[:, 1], uv[:, 0]]
    labels = frame.image_labels
    border = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
    # The sensors are 0.3 m apart: compare only where both met the same surface.
    seen = (np.abs(depth - distance) < 0.02 * distance) & ~border[uv[:, 1], uv[:, 0]]
    image_id = {semantic.point_id: semantic.image_id for semantic in Semantic}
    expected = np.array([image_id[int(label)] for label in frame.point_labels[rows[seen]]])
    assert seen.sum() > 8000
    assert np.mean(labels[uv[seen, 1], uv[seen, 0]] == expected) > 0.999


def test_most_points_in_the_image_lie_on_what_the_camera_sees(frame: RenderedFrame) -> None:
    """Camera and LiDAR measure the same geometry, so that their distances agree but for occlusion."""
    uv, distance, _ = _project(frame)
    depth = frame.depth[uv[:, 1], uv[:, 0]]
    assert np.mean(np.abs(depth - distance) < 0.02 * distance + 0.05) > 0.85


def test_a_wrong_extrinsic_breaks_the_agreement(frame: RenderedFrame) -> None:
    """One degree of yaw lowers the agreement of depths: the check above can fail."""
    angle = np.deg2rad(1.0)
    yaw = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    turned = frame.T_cam_lidar.copy()
    turned[:3] = yaw @ turned[:3]
    right, wrong = (
        np.mean(np.abs(frame.depth[uv[:, 1], uv[:, 0]] - distance) < 0.01 * distance)
        for uv, distance, _ in (_project(frame), _project(dataclasses.replace(frame, T_cam_lidar=turned)))
    )
    assert wrong < right - 0.05


def test_the_street_shows_the_classes_calibration_lives_on(frame: RenderedFrame) -> None:
    """Road, sidewalk and car are in both label sets."""
    for semantic in (Semantic.ROAD, Semantic.SIDEWALK, Semantic.CAR, Semantic.BUILDING):
        assert np.count_nonzero(frame.image_labels == semantic.image_id) > 500
        assert np.count_nonzero(frame.point_labels == semantic.point_id) > 500


def test_sensors_have_the_stated_geometry(frame: RenderedFrame) -> None:
    """The baseline is 0.3 m, the extrinsic rigid, the beams within the stated elevations."""
    rotation, translation = frame.T_cam_lidar[:3, :3], frame.T_cam_lidar[:3, 3]
    assert np.linalg.norm(translation) == pytest.approx(0.3)
    assert rotation @ rotation.T == pytest.approx(np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert rotation[2] @ (1, 0, 0) > 0.99  # the camera looks along the LiDAR's x
    elevation = np.rad2deg(np.arcsin(frame.points[:, 2] / np.linalg.norm(frame.points, axis=1)))
    assert elevation.min() > -24.85
    assert elevation.max() < 2.05
    assert frame.points.dtype == np.float32
    assert len(frame.points) > 80_000


def test_range_noise_is_along_the_beam_and_of_the_stated_size(small_config: SceneConfig, rendered: Render) -> None:
    """Without noise the same rays give exact ranges; the difference has a deviation of 2 cm."""
    quiet = dataclasses.replace(small_config, lidar=dataclasses.replace(small_config.lidar, range_noise_m=0.0))
    noisy, exact = rendered(1, 0, small_config), rendered(1, 0, quiet)
    ranges = [_ranges_by_direction(frame) for frame in (noisy, exact)]
    common = ranges[0].keys() & ranges[1].keys()
    difference = [ranges[0][direction] - ranges[1][direction] for direction in common]
    assert len(common) > 0.95 * len(exact.points)
    assert np.mean(difference) == pytest.approx(0.0, abs=0.002)
    assert np.std(difference) == pytest.approx(0.02, rel=0.1)


def test_same_seed_same_frame(small_config: SceneConfig, rendered: Render) -> None:
    """Two renderings of one seed are equal bit by bit, two indices are not."""
    first, again, other = (
        rendered(1, 0, small_config),
        render(generate(1, 0, small_config)),
        rendered(1, 1, small_config),
    )
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.points, again.points)
    assert np.array_equal(first.point_labels, again.point_labels)
    assert not np.array_equal(first.image, other.image)


def test_frames_of_a_sequence_share_a_rig_unless_told_otherwise(small_config: SceneConfig) -> None:
    """One seed has one extrinsic, another seed another; `varies` gives every frame its own."""
    own = dataclasses.replace(small_config, rig=RigConfig(varies=True))
    first, second = (generate(5, index, small_config).rig.T_cam_lidar for index in (0, 1))
    assert np.array_equal(first, second)
    assert not np.allclose(first, generate(6, 0, small_config).rig.T_cam_lidar)
    assert not np.allclose(*(generate(5, index, own).rig.T_cam_lidar for index in (0, 1)))


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_label_noise_makes_the_stated_share_wrong(small_config: SceneConfig, rendered: Render, share: float) -> None:
    """About that share of pixels and of points has another label than without; image and cloud stay the same."""
    exact = rendered(1, 0, small_config)
    noisy = rendered(1, 0, dataclasses.replace(small_config, label_noise=share))
    assert np.array_equal(exact.image, noisy.image)
    assert np.array_equal(exact.points, noisy.points)
    assert np.mean(exact.image_labels != noisy.image_labels) == pytest.approx(share, rel=0.35)
    assert np.mean(exact.point_labels != noisy.point_labels) == pytest.approx(share, rel=0.35)
