"""Fixtures shared by all tests: where real frames and pretrained weights lie, a real broker and a real S3 server."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from worker import child_process
from worker.broker import LocalBroker
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
    with LocalBroker(settings):
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


@dataclass
class S3Server:
    """A server that speaks S3, checks signatures and keeps its objects as files."""

    folder: Path
    port: int
    process: child_process.Child | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [str(Path(sys.executable).parent / "rclone"), "serve", "s3", "--config", "notfound"]
        command += ["--addr", f"127.0.0.1:{self.port}", "--auth-key", "an-id,a-secret", str(self.folder)]
        self.process = child_process.start(command, log=self.folder.with_suffix(".log"))
        deadline = time.monotonic() + 60
        while not self._listens():
            assert time.monotonic() < deadline, self.folder.with_suffix(".log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.stop(10)

    @property
    def environment(self) -> dict[str, str]:
        """What an S3 client needs to know."""
        return {
            "AWS_ACCESS_KEY_ID": "an-id",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    """Run an S3 server with an empty bucket `bucket`."""
    folder = tmp_path / "s3"
    (folder / "bucket").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = S3Server(folder, port)
    server.start()
    yield server
    server.stop()
