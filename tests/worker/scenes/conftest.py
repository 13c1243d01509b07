"""Rendered frames, each rendered once for all tests that only look at it."""

import dataclasses
import functools
from collections.abc import Callable

import pytest

from worker.scenes import CameraConfig, LidarConfig, RenderedFrame, SceneConfig, generate, render

SMALL = SceneConfig(
    camera=CameraConfig(width=320, height=100, focal_px=185.0, principal_point_px=(157.0, 48.0)),
    lidar=LidarConfig(num_beams=32, azimuth_step_deg=0.6),
)


@pytest.fixture(scope="session")
def small_config() -> SceneConfig:
    """Return a coarse camera and LiDAR, for speed."""
    return SMALL


@pytest.fixture(scope="session")
def rendered() -> Callable[[int, int, SceneConfig], RenderedFrame]:
    """Return a function that renders a seed, an index and a configuration, and remembers the result."""
    return functools.cache(lambda seed, index, config: render(generate(seed, index, config)))


@pytest.fixture(scope="session")
def frame() -> RenderedFrame:
    """Return a frame of the default sensors with exact ranges."""
    config = SceneConfig(lidar=dataclasses.replace(LidarConfig(), range_noise_m=0.0))
    return render(generate(seed=7, index=0, config=config))
