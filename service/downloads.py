"""Stored files on their way to a caller: over this machine's disk, for many callers at a time may read slowly."""

import tempfile
from collections.abc import Iterator
from typing import IO, Final

from fastapi.responses import StreamingResponse

from worker.storage import BlobStore

_PIECE_BYTES: Final = 256 * 2**10


def download(blobs: BlobStore, key: str, media_type: str, headers: dict[str, str] | None = None) -> StreamingResponse:
    """Answer with the blob under `key`; no more than a piece of it is in memory at a time.

    The storage is done with before the answer begins: no outage breaks that off, and no slow caller outlasts the time
    that a request to an object store may take.

    Raises:
        BlobMissing, StorageUnavailable: There is nothing to answer with.
    """
    # It has no name, and goes with the answer, whatever becomes of that.
    file = tempfile.TemporaryFile(prefix="semalign-download-")  # noqa: SIM115
    blobs.copy_to(file, key)
    length = {"Content-Length": str(file.tell())}
    file.seek(0)
    return StreamingResponse(_pieces(file), media_type=media_type, headers={**(headers or {}), **length})


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
