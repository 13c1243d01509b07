"""Load: uploads at a fixed rate, whatever the server makes of them, and status polls as fast as it answers."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Final

from worker.bench.own_service import HOST
from worker.bench.service.http_client import Connection
from worker.bench.service.workload import Body

_ACCEPTED: Final = 202
_OK: Final = 200
_CONNECTIONS: Final = 16


@dataclass(frozen=True)
class Upload:
    """One upload of an open load: seconds from when it was due to its answer, and the address of its job."""

    seconds: float
    location: str


async def open_load(port: int, body: Body, *, rate: float, seconds: float) -> list[Upload]:
    """Post a job every `1 / rate` seconds, each over a connection of its own, for `seconds` seconds.

    A request that had to wait for the generator counts from when it was due, so that a slow server cannot hide behind
    a generator that it slows down.

    Raises:
        RuntimeError: A job was not accepted.
    """
    started = time.perf_counter()

    async def post(due: float) -> Upload:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        async with Connection.open(HOST, port) as connection:
            answer = await connection.post("/calibrate", body)
        if answer.status != _ACCEPTED:
            raise RuntimeError(f"an upload was answered with {answer.status}, not {_ACCEPTED}")
        return Upload(time.perf_counter() - due, answer.headers["location"])

    count = round(rate * seconds)
    return list(await asyncio.gather(*(post(started + index / rate) for index in range(count))))


def polling_rate(port: int, path: str, *, seconds: float) -> tuple[float, str]:
    """Poll over sixteen connections for `seconds` seconds; return the answers a second, and which program asked.

    wrk asks where it is installed, for it takes less of the cores than a generator in Python does.

    Raises:
        RuntimeError: An answer was no 200.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(_poll(port, path, seconds)), "the benchmark's own generator"
    command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{max(1, round(seconds))}s", f"http://{HOST}:{port}{path}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    if "Non-2xx" in printed or (found := re.search(r"Requests/sec:\s*([\d.]+)", printed)) is None:
        raise RuntimeError(f"wrk was not answered as it should be:\n{printed}")
    return float(found[1]), "wrk"


async def _poll(port: int, path: str, seconds: float) -> float:
    end = time.perf_counter() + seconds

    async def poll() -> int:
        count = 0
        async with Connection.open(HOST, port) as connection:
            while time.perf_counter() < end:
                answer = await connection.get(path)
                if answer.status != _OK:
                    raise RuntimeError(f"a poll was answered with {answer.status}, not {_OK}")
                count += 1
        return count

    return sum(await asyncio.gather(*(poll() for _ in range(_CONNECTIONS)))) / seconds
