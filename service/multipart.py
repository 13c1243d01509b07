"""Taking a multipart body apart while it comes: every part becomes a file on disk, however large it is."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from service.problems import MalformedMultipart, NotMultipart
from worker.storage import StorageUnavailable

# So much of one body waits in memory for the disk, at most.
_WRITE_BYTES = 256 * 2**10


@dataclass(frozen=True)
class Part:
    """One part of a body.

    Attributes:
        name: Its name in the form.
        filename: The file name that the caller wrote; None for a plain field.
        path: Its content, as long as the request lasts.
    """

    name: str
    filename: str | None
    path: Path


@contextlib.asynccontextmanager
async def received_parts(request: Request, max_parts: int, spool: Path) -> AsyncIterator[tuple[Part, ...]]:
    """Receive a multipart body into a folder in `spool`; its files go when the block ends.

    Raises:
        NotMultipart, MalformedMultipart, BodyTooLarge, RequestTooSlow: The body cannot be taken.
        StorageUnavailable: The disk of the spool is full, or away.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type != b"multipart/form-data":
        raise NotMultipart
    if not (boundary := options.get(b"boundary")):
        raise MalformedMultipart(f"The boundary is missing in Content-Type. {MalformedMultipart.sentence}")
    with _full_disk_as_unavailable():
        folder = await run_in_threadpool(tempfile.TemporaryDirectory, dir=spool)
    try:
        yield await _received(request, boundary, Path(folder.name), max_parts)
    finally:
        await run_in_threadpool(folder.cleanup)


async def _received(request: Request, boundary: bytes, folder: Path, max_parts: int) -> tuple[Part, ...]:
    try:
        body = _Disassembly(boundary, folder, max_parts)
        async for chunk in request.stream():
            body.take(chunk)
            if body.unwritten_bytes >= _WRITE_BYTES:
                await run_in_threadpool(body.write)
    except FormParserError as error:
        raise MalformedMultipart from error
    except ClientDisconnect as error:
        raise MalformedMultipart("The connection ended before the body did.") from error
    if not body.is_whole:
        raise MalformedMultipart(f"The body ends before its last boundary. {MalformedMultipart.sentence}")
    await run_in_threadpool(body.write)
    return tuple(body.parts)


@contextlib.contextmanager
def _full_disk_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable("an upload could not be written to the temporary folder") from error


class _Disassembly:
    """The state of one body on its way: the parts so far, and what of them still has to be written."""

    def __init__(self, boundary: bytes, folder: Path, max_parts: int) -> None:
        self.parts: list[Part] = []
        self.is_whole = False
        self.unwritten_bytes = 0
        self._folder = folder
        self._max_parts = max_parts
        self._unwritten: dict[Path, bytearray] = {}
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_ended,
                "on_headers_finished": self._part_named,
                "on_part_data": self._part_grew,
                "on_end": self._ended,
            },
        )

    def take(self, chunk: bytes) -> None:
        """Take the next bytes of the body apart, in memory."""
        self._parser.write(chunk)

    def write(self) -> None:
        """Write to disk what was taken apart since the last time.

        Raises:
            StorageUnavailable: It cannot be written.
        """
        with _full_disk_as_unavailable():
            for path, data in self._unwritten.items():
                with path.open("ab") as file:
                    file.write(data)
        self._unwritten.clear()
        self.unwritten_bytes = 0

    def _header_ended(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _part_named(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise MalformedMultipart("A part has no name: write one into its Content-Disposition.")
        if len(self.parts) == self._max_parts:
            raise MalformedMultipart(f"The body has more than {self._max_parts} parts: send fewer.")
        filename = options.get(b"filename")
        part = Part(
            name=options[b"name"].decode(errors="replace"),
            filename=None if filename is None else filename.decode(errors="replace"),
            path=self._folder / str(len(self.parts)),
        )
        self.parts.append(part)
        self._unwritten[part.path] = bytearray()

    def _part_grew(self, data: bytes, start: int, end: int) -> None:
        self._unwritten.setdefault(self.parts[-1].path, bytearray()).extend(data[start:end])
        self.unwritten_bytes += end - start

    def _ended(self) -> None:
        self.is_whole = True
