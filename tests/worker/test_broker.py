"""The embedded broker: a real Valkey process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.broker import BrokerError, LocalBroker, answers, start_broker
from worker.jobs.store import connect
from worker.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Return settings with a data folder of their own."""
    settings = Settings(data_dir=tmp_path, broker_url="")
    yield settings
    shutil.rmtree(settings.embedded_socket.parent, ignore_errors=True)


def test_it_answers_within_the_block_and_not_after(settings: Settings) -> None:
    """Started here means stopped here, and nothing of it stays outside the data folder."""
    with LocalBroker(settings) as broker:
        assert answers(broker.url)
    assert not answers(broker.url)
    assert not settings.embedded_socket.parent.exists()


def test_what_it_held_is_there_after_a_kill(settings: Settings) -> None:
    """The append-only file has it before the answer is sent."""
    server = start_broker(settings)
    connect(settings.resolved_broker_url, timeout_s=5).set("job", "accepted")
    os.kill(server.pid, signal.SIGKILL)
    server.kill()
    with LocalBroker(settings) as broker:
        assert connect(broker.url, timeout_s=5).get("job") == "accepted"


def test_a_live_one_is_adopted_and_left_running(settings: Settings) -> None:
    """The second user of a data folder neither starts nor stops a server."""
    with LocalBroker(settings) as broker:
        with LocalBroker(settings) as adopted:
            assert adopted.url == broker.url
        assert answers(broker.url)


def test_a_configured_broker_is_used_as_it_is(tmp_path: Path) -> None:
    """No server is started beside it."""
    with LocalBroker(Settings(data_dir=tmp_path, broker_url="redis://elsewhere")) as broker:
        assert (broker.url, broker.has_ended) == ("redis://elsewhere", False)
    assert list(tmp_path.iterdir()) == []


def test_a_socket_folder_open_to_others_is_refused(settings: Settings) -> None:
    """Whoever reaches the socket commands the broker."""
    folder = settings.embedded_socket.parent
    folder.mkdir(mode=0o700)
    folder.chmod(0o755)
    try:
        with pytest.raises(BrokerError, match="open to other users"):
            start_broker(settings)
    finally:
        folder.rmdir()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_with_the_process_that_started_it(settings: Settings) -> None:
    """Even when that one is killed."""
    script = "import time; from worker.broker import start_broker; from worker.settings import Settings; "
    script += "start_broker(Settings()); time.sleep(60)"
    environment = {**os.environ, "SEMALIGN_DATA_DIR": str(settings.data_dir), "SEMALIGN_BROKER_URL": ""}
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment)
    _wait_for(lambda: answers(settings.resolved_broker_url))
    parent.kill()
    parent.wait()
    _wait_for(lambda: not answers(settings.resolved_broker_url))


def _wait_for(condition: object, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
