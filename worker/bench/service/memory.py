"""Memory of the API process while many large uploads come in at the same time."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.bench.own_service import HOST
from worker.bench.service.http_client import Answer, Connection
from worker.bench.service.workload import Body

_CHUNK: Final = 2**20
_HELD_BACK: Final = 1024


@dataclass(frozen=True)
class UploadMemory:
    """Resident memory of the API, MiB: before, with all uploads in flight, and the most until all were answered."""

    before_mib: float
    in_flight_mib: float
    peak_mib: float
    locations: tuple[str, ...]


async def upload_memory(port: int, pid: int, body: Body, uploads: int) -> UploadMemory:
    """Send `uploads` bodies at once, all but the end of each; look; then send the ends and wait for the answers.

    Raises:
        RuntimeError: An upload was not accepted.
    """
    before = resident_mib(pid)
    all_in_flight, go_on = asyncio.Barrier(uploads + 1), asyncio.Event()

    async def upload() -> Answer:
        async with Connection.open(HOST, port) as connection:
            await connection.send(connection.post_head("/calibrate", body))
            content = memoryview(body.content)
            for start in range(0, len(content) - _HELD_BACK, _CHUNK):
                await connection.send(content[start : min(start + _CHUNK, len(content) - _HELD_BACK)])
            await all_in_flight.wait()
            await go_on.wait()
            await connection.send(content[len(content) - _HELD_BACK :])
            return await connection.answer()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(upload()) for _ in range(uploads)]
        await all_in_flight.wait()
        in_flight = resident_mib(pid)
        go_on.set()
    answers = [task.result() for task in tasks]
    for answer in answers:
        # Not in the group: it would wrap what is raised there.
        if "location" not in answer.headers:
            raise RuntimeError(f"a large upload was answered with {answer.status}")
    return UploadMemory(before, in_flight, peak_mib(pid), tuple(answer.headers["location"] for answer in answers))


def resident_mib(pid: int) -> float:
    """Return the memory that a process holds now, MiB."""
    return _status_mib(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """Return the most memory that a process ever held, MiB."""
    return _status_mib(pid, "VmHWM")


def _status_mib(pid: int, field: str) -> float:
    found = re.search(rf"^{field}:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
