"""Bytes of an input: of a file, in memory, or mapped from a file."""

import io
import mmap
from pathlib import Path
from typing import BinaryIO, overload

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits

Data = bytes | mmap.mmap
Source = Path | Data


def map_file(path: Path) -> Data:
    """Return the content of a file that nobody else changes, without reading it.

    Its pages come as they are looked at and may go again when memory is short. A file that shrinks meanwhile would end
    this process, so this is for files of our own.

    Raises:
        OSError: The file cannot be opened.
    """
    with path.open("rb") as file:
        is_empty = not file.seek(0, io.SEEK_END)
        return b"" if is_empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@overload
def read_source(source: Path | bytes, limits: InputLimits) -> bytes: ...
@overload
def read_source(source: Source, limits: InputLimits) -> Data: ...
def read_source(source: Source, limits: InputLimits) -> Data:
    """Return the bytes of `source`, reading at most one byte more than the limit allows.

    Raises:
        InputError: `unreadable-file` or `file-too-large`.
    """
    if not isinstance(source, Path):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(limits.max_bytes + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError("unreadable-file", f"{source} cannot be read ({reason}): check the path.") from error
    if len(data) > limits.max_bytes:
        raise InputError(
            "file-too-large",
            f"The file is larger than the limit of {limits.max_bytes / 2**20:g} MiB: send a smaller one.",
        )
    return data


def stream_of(data: Data) -> BinaryIO:
    """Return a stream over `data` that copies none of it."""
    return io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(_MappedStream(data))


class _MappedStream(io.RawIOBase):
    """A mapping read from the start; it has a position of its own, and leaves the mapping open when it is closed."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = memoryview(data)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._data)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._data[self._position : self._position + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
