"""Scene configuration: refuses what cannot be rendered, and is obeyed."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from worker.scenes import (
    CameraConfig,
    ContentConfig,
    LidarConfig,
    LookConfig,
    RenderedFrame,
    SceneConfig,
    Semantic,
    generate,
    render,
)

Render = Callable[[int, int, SceneConfig], RenderedFrame]


@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_label_noise_must_be_a_small_share(share: float) -> None:
    """A share outside 0..0.5 is refused with a sentence."""
    with pytest.raises(ValueError, match="choose a share"):
        SceneConfig(label_noise=share)


def test_a_lidar_needs_two_beams() -> None:
    """One beam is refused."""
    with pytest.raises(ValueError, match="at least 2"):
        SceneConfig(lidar=LidarConfig(num_beams=1))


def test_image_size_is_as_configured() -> None:
    """Image, labels and depth have the camera's size."""
    config = SceneConfig(
        camera=CameraConfig(width=96, height=64, focal_px=60.0, principal_point_px=(48.0, 32.0)),
        lidar=LidarConfig(num_beams=4, azimuth_step_deg=2.0),
    )
    frame = render(generate(0, 0, config))
    assert frame.image.shape == (64, 96, 3)
    assert frame.image_labels.shape == frame.depth.shape == (64, 96)


def test_fewer_beams_give_fewer_points(small_config: SceneConfig, rendered: Render) -> None:
    """Half the beams, about half the points."""
    half = dataclasses.replace(small_config, lidar=dataclasses.replace(small_config.lidar, num_beams=16))
    many, few = (len(rendered(1, 0, config).points) for config in (small_config, half))
    assert 0.4 < few / many < 0.6


def test_an_empty_street_has_no_cars(small_config: SceneConfig, rendered: Render) -> None:
    """Without parked and driving cars no label says car."""
    config = dataclasses.replace(small_config, content=ContentConfig(parked_cars=0.0, driving_cars=0))
    frame = rendered(1, 0, config)
    assert not np.any(frame.image_labels == Semantic.CAR.image_id)
    assert not np.any(frame.point_labels == Semantic.CAR.point_id)


def test_antialiasing_and_light_leave_the_labels_alone(small_config: SceneConfig, rendered: Render) -> None:
    """Labels are those of the pixel centres, whatever the picture looks like."""
    plain = dataclasses.replace(
        small_config,
        camera=dataclasses.replace(small_config.camera, antialias=False),
        look=LookConfig(cloudiness=(1.0, 1.0), texture_contrast=0.2),
    )
    first, second = rendered(1, 0, small_config), rendered(1, 0, plain)
    assert np.array_equal(first.image_labels, second.image_labels)
    assert not np.array_equal(first.image, second.image)
