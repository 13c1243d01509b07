"""What the API says in its log, as a container keeps it: the server's own words too."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ports import free_port

from worker import child_process

# An application with a fault, which no endpoint of ours is meant to have.
BROKEN = """
import sys
import service.server
from service.app import create_app
from worker.settings import Settings

def broken(settings):
    app = create_app(settings)

    @app.get("/broken")
    def fail():
        raise RuntimeError("no answer from redis://user:secret@host")

    return app

service.server.create_app = broken
service.server.run_server(Settings(), host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Run such an API; return its port and the file of its log."""
    port, log = free_port(), tmp_path / "log"
    environment = {"SEMALIGN_DATA_DIR": str(tmp_path), "SEMALIGN_LOG_FORMAT": "json", "SEMALIGN_BROKER_URL": ""}
    child = child_process.start([sys.executable, "-c", BROKEN, str(port)], environment=environment, log=log)
    deadline = time.monotonic() + 60
    while not _is_up(port):
        assert child.is_alive, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    yield port, log
    child.stop(10)


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    except httpx.HTTPError:
        return False


def test_each_line_is_an_object_with_the_request_and_without_passwords(server: tuple[int, Path]) -> None:
    """A crash, and what is no HTTP, are logged like all else: by the server, outside of the application."""
    port, log = server
    headers = {"X-Request-ID": "mine"}
    assert httpx.get(f"http://127.0.0.1:{port}/broken", headers=headers).json()["type"] == "internal-error"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"no HTTP\r\n\r\n")
        assert b"malformed-request" in connection.makefile("rb").read()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    (crash,) = [entry for entry in entries if "no answer from" in entry.get("exception", "")]
    assert (crash["request_id"], crash["level"]) == ("mine", "error")
    assert any("Invalid HTTP" in entry["event"] and "request_id" not in entry for entry in entries)
    assert "secret" not in log.read_text()
