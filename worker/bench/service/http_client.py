"""A client that costs next to nothing, so that the server is what is measured: raw HTTP/1.1 over asyncio streams."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from worker.bench.service.workload import Body


@dataclass(frozen=True)
class Answer:
    """An answer: its status and its headers, names in lower case; the content was read and dropped."""

    status: int
    headers: dict[str, str]


class Connection:
    """One connection to a server that answers with `Content-Length`, as the API does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, host: str, port: int) -> AsyncIterator[Self]:
        """Connect to this machine's `port`; the connection is closed when the block ends."""
        reader, writer = await asyncio.open_connection(host, port)
        try:
            yield cls(reader, writer, f"{host}:{port}")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def get(self, path: str) -> Answer:
        """Ask for `path`."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        return await self.answer()

    async def post(self, path: str, body: Body) -> Answer:
        """Send a body at once."""
        await self.send(self.post_head(path, body) + body.content)
        return await self.answer()

    def post_head(self, path: str, body: Body) -> bytes:
        """Return what announces a body."""
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: {body.content_type}\r\n"
            f"Content-Length: {len(body.content)}\r\n\r\n"
        ).encode()

    async def send(self, data: bytes | memoryview) -> None:
        """Send, and wait until the server took nearly all of it."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> Answer:
        """Read the next answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers)
