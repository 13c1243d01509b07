"""Download one published file, keeping it only when its content is right."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from models.catalogue import ModelFile
from models.errors import ModelIntegrityError

CHUNK = 1 << 16

ReportBytes = Callable[[ModelFile, int], None]
"""Called with the file and the number of its bytes that have arrived so far."""


def download(url: str, file: ModelFile, target: Path, timeout_s: float, on_bytes: ReportBytes | None = None) -> None:
    """Stream a file beside its target and move it there in one step once size and digest are right.

    Args:
        url: where to get it; redirects are followed.
        file: what it must be; no more bytes than its size are taken.
        target: where it goes. Its folder and the folder above are made when needed.
        timeout_s: how long the connection may stand still, in seconds.
        on_bytes: told of every piece that arrives.

    Raises:
        httpx.HTTPError: it could not be had whole.
        ModelIntegrityError: what arrived is not the published file.
    """
    store = target.parent.parent
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=store, prefix=f".{file.name}.", delete=False) as sink:
        partial = Path(sink.name)
        try:
            digest, size = hashlib.sha256(), 0
            with httpx.stream("GET", url, timeout=timeout_s, follow_redirects=True) as response:
                response.raise_for_status()
                for chunk in response.iter_bytes(CHUNK):
                    size += len(chunk)
                    if size > file.size:
                        break
                    digest.update(chunk)
                    sink.write(chunk)
                    if on_bytes:
                        on_bytes(file, size)
            if size != file.size or digest.hexdigest() != file.sha256:
                raise ModelIntegrityError(
                    f"{url} is not the published file ({file.size} bytes, SHA-256 {file.sha256[:12]}...): "
                    "nothing was kept. If SEMALIGN_MODELS_MIRROR is set, correct the file there."
                )
            sink.close()
            target.parent.mkdir(exist_ok=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
