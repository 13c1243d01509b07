"""A service for a benchmark alone: on a free port of loopback, in a folder of its own, gone with every trace of it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from worker.local_stack import LocalStack
from worker.settings import Settings

HOST: Final = "127.0.0.1"
# Nothing of a deployment that this machine may be set up for is touched.
_OF_NO_DEPLOYMENT: Final = {"broker_url": "", "storage_url": "", "keys_file": None, "metrics_port": 0}


@dataclass(frozen=True)
class OwnService:
    """How a running service is reached: the port and address of its API, that process's id, and its broker's URL."""

    port: int
    url: str
    api_pid: int
    broker_url: str


@contextlib.contextmanager
def own_service(
    workers: int, *, threads: int, device: str = "cpu", max_points: int | None = None
) -> Iterator[OwnService]:
    """Start a service, and stop and remove it when the block ends.

    Args:
        workers: Workers, each with one process that computes.
        threads: Threads of each of them.
        device: What they compute on.
        max_points: The most points that an upload may have; None for the default.

    Raises:
        BrokerError, StackError: It did not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="semalign-bench-"))
    try:
        chosen: dict[str, Any] = {**_OF_NO_DEPLOYMENT, "data_dir": folder, "device": device, "threads": threads}
        if max_points is not None:
            chosen["max_points"] = max_points
        settings = Settings(**chosen)
        environment = {f"SEMALIGN_{name.upper()}": str(value or "") for name, value in chosen.items()}
        environment |= {"SEMALIGN_LOG_FORMAT": "json", "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
        port = _free_port()
        log = folder / "service.log"
        with LocalStack(settings, host=HOST, port=port, workers=workers, environment=environment, log=log) as stack:
            yield OwnService(port, stack.url, stack.api_pid, settings.resolved_broker_url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
