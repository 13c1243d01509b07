"""Fixtures shared by all tests: where real frames and pretrained weights lie."""

import os
from pathlib import Path

import pytest


def _folder_from_environment(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: {what} are not available here")
    path = Path(value)
    if not path.is_dir():
        pytest.skip(f"{variable} names {value}, which is not a folder: {what} are not available here")
    return path


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Return the folder of real camera and LiDAR frames, or skip."""
    return _folder_from_environment("SEMALIGN_TEST_DATA", "real frames")


@pytest.fixture(scope="session")
def models_mirror() -> Path:
    """Return the folder of pretrained weights, or skip."""
    return _folder_from_environment("SEMALIGN_MODELS_MIRROR", "pretrained weights")
