"""Fixtures for the networks: their released weights, and the published inputs and outputs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models import store
from models.catalogue import get_entry
from models.settings import StoreSettings


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Keep many small layers from spinning on a machine that runs several tests at once."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def espnetv2_files(models_mirror: Path) -> Mapping[str, bytes]:
    """Return the released weights of ESPNetv2."""
    return store.read(get_entry("espnetv2_s2_cityscapes"), StoreSettings(models_mirror=str(models_mirror)))


@pytest.fixture(scope="session")
def mininet3d_files(models_mirror: Path) -> Mapping[str, bytes]:
    """Return the released weights of 3D-MiniNet."""
    return store.read(get_entry("mininet3d_tiny_semantickitti"), StoreSettings(models_mirror=str(models_mirror)))


@pytest.fixture(scope="session")
def expected(models_mirror: Path):
    """Return a reader of the published outputs of a model on a frame."""

    def read(model: str, frame: str) -> Mapping[str, np.ndarray]:
        path = models_mirror / model / "expected" / f"{frame}.npz"
        if not path.is_file():
            pytest.skip(f"{path} is not there: no published outputs to compare with")
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    return read


@pytest.fixture(scope="session")
def image_of(test_data: Path):
    """Return a reader of a frame's image, (H, W, 3) uint8 RGB."""
    return lambda frame: np.asarray(Image.open(test_data / frame / "image.png").convert("RGB"))


@pytest.fixture(scope="session")
def points_of(test_data: Path):
    """Return a reader of a frame's points, (N, 4) float32."""
    return lambda frame: np.fromfile(test_data / frame / "cloud.bin", np.float32).reshape(-1, 4)


@pytest.fixture
def unreachable_source(monkeypatch):
    """Make every public address fail at once: the proxy it would go through is not there."""
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
