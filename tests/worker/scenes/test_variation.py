"""Domain randomisation: every frame another street, and nothing but the seed decides which."""

import dataclasses
from collections.abc import Callable

import numpy as np

from worker.scenes import LookConfig, RenderedFrame, SceneConfig, vary

Render = Callable[[int, int, SceneConfig], RenderedFrame]


def test_frames_differ_and_seeds_repeat(small_config: SceneConfig) -> None:
    """Another index is another configuration; the same one is the same."""
    first, second = (vary(small_config, 1, index) for index in (0, 1))
    assert first.look != second.look
    assert first.camera != second.camera
    assert first.rig.varies
    assert vary(small_config, 1, 0) == first


def test_what_the_caller_chose_stays(small_config: SceneConfig) -> None:
    """Width, beams and label noise are the caller's."""
    varied = vary(dataclasses.replace(small_config, label_noise=0.1), 1, 0)
    assert varied.camera.width == small_config.camera.width
    assert varied.lidar.num_beams == small_config.lidar.num_beams
    assert varied.label_noise == 0.1


def test_a_scaled_camera_sees_the_same(small_config: SceneConfig) -> None:
    """A camera of half the width has half the focal length, and its borders look in the same directions."""
    camera = small_config.camera
    half = camera.scaled_to(camera.width // 2)
    assert camera.scaled_to(camera.width) == camera
    for big, small in ((-0.5, -0.5), (camera.width - 0.5, half.width - 0.5)):
        angle = (big - camera.principal_point_px[0]) / camera.focal_px
        assert np.isclose((small - half.principal_point_px[0]) / half.focal_px, angle)


def test_repainting_changes_the_picture_and_no_label(small_config: SceneConfig, rendered: Render) -> None:
    """Colours change by far more than noise; classes, shapes and ranges stay, and so does the sky."""
    painted = dataclasses.replace(small_config, look=LookConfig(repaint=1.0))
    before, after = rendered(1, 0, small_config), rendered(1, 0, painted)
    assert np.array_equal(before.image_labels, after.image_labels)
    assert np.array_equal(before.points, after.points)
    ground = np.isin(before.image_labels, (0, 1, 9))
    difference = np.abs(before.image.astype(int) - after.image.astype(int))
    assert difference[ground].mean() > 10
    sky = before.image_labels == 10
    assert np.median(difference[sky]) == 0
