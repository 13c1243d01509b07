"""Fixtures shared by all tests: where real frames and pretrained weights lie, and a real broker."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from worker.broker import running_broker
from worker.jobs.store import JobStore, connect
from worker.settings import Settings


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


@pytest.fixture(scope="session")
def broker_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Run the embedded broker, and return settings that lead to it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("broker"), broker_url="", broker_patience_s=0)
    with running_broker(settings):
        yield settings


@pytest.fixture
def client(broker_settings: Settings) -> Iterator["redis.Redis"]:
    """Return a client of an empty broker."""
    client = connect(broker_settings.resolved_broker_url, timeout_s=5)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def jobs(client: "redis.Redis") -> JobStore:
    """Return the job records of an empty broker."""
    return JobStore(client)


@pytest.fixture(scope="session")
def stand_in_folder() -> Path:
    """Return the folder of `stand_in_pipeline`, which takes the place of the pipeline in tests of all around it."""
    return Path(__file__).parent / "worker"
