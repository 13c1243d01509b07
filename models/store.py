"""Find, download and check the files of a model.

A mirror comes first, then the local store, then the public source. A mirror that is a directory is read in place.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from models.catalogue import CatalogueEntry, ModelFile
from models.errors import ModelIntegrityError, ModelNotAvailableError
from models.settings import StoreSettings

CHUNK = 1 << 16

ReportBytes = Callable[[ModelFile, int], None]
"""Called with the file and the number of bytes that have just arrived."""


def locate(entry: CatalogueEntry, settings: StoreSettings | None = None) -> Mapping[str, Path] | None:
    """Return the path of each file of a model that is on this machine, or None while any is missing."""
    settings = settings or StoreSettings()
    folders = [folder / entry.name for folder in (settings.mirror_directory, settings.models_dir) if folder]
    paths = {}
    for file in entry.files:
        found = next((folder / file.name for folder in folders if (folder / file.name).is_file()), None)
        if found is None:
            return None
        paths[file.name] = found
    return paths


def pull(
    entry: CatalogueEntry, settings: StoreSettings | None = None, on_bytes: ReportBytes | None = None
) -> Mapping[str, Path]:
    """Download what is missing of a model and return the path of each file, content checked.

    Args:
        entry: the model.
        settings: where to look and to keep; from the environment by default.
        on_bytes: told of every piece that arrives.

    Raises:
        ModelNotAvailableError: a file could be had nowhere.
        ModelIntegrityError: a file is not the one the catalogue describes; nothing of it is kept.
    """
    settings = settings or StoreSettings()
    if locate(entry, settings) is None:
        for file in entry.files:
            target = settings.models_dir / entry.name / file.name
            if not target.is_file():
                _download_first(entry, file, target, settings, on_bytes or (lambda *_: None))
    verify(entry, settings)
    paths = locate(entry, settings)
    assert paths is not None
    return paths


def verify(entry: CatalogueEntry, settings: StoreSettings | None = None) -> None:
    """Check the content of every file of a model.

    Raises:
        ModelNotAvailableError: a file is not on this machine.
        ModelIntegrityError: a file is not the one the catalogue describes.
    """
    read(entry, settings)


def read(entry: CatalogueEntry, settings: StoreSettings | None = None) -> Mapping[str, bytes]:
    """Return the content of every file of a model, checked against the catalogue.

    Raises:
        ModelNotAvailableError: a file is not on this machine.
        ModelIntegrityError: a file is not the one the catalogue describes.
    """
    paths = locate(entry, settings)
    if paths is None:
        raise ModelNotAvailableError(
            f"The model '{entry.name}' is not on this machine; fetch it with `semalign models pull {entry.name}`."
        )
    contents = {}
    for file in entry.files:
        path = paths[file.name]
        size = path.stat().st_size
        content = path.read_bytes() if size == file.size else b""
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ModelIntegrityError(
                f"{path} ({size} bytes) is not the published file of '{entry.name}' ({file.size} bytes, SHA-256 "
                f"{file.sha256[:12]}...); delete it and run `semalign models pull {entry.name}`."
            )
        contents[file.name] = content
    return contents


def _download_first(
    entry: CatalogueEntry, file: ModelFile, target: Path, settings: StoreSettings, on_bytes: ReportBytes
) -> None:
    """Download a file from the first source that has it: the mirror, then its public address."""
    mirrored = [f"{settings.mirror_url}/{entry.name}/{file.name}"] if settings.mirror_url else []
    failures = []
    for url in [*mirrored, file.url]:
        try:
            _download(url, file, target, settings.models_timeout_s, on_bytes)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failures.append(f"{url}: {error or type(error).__name__}")
        else:
            return
    raise ModelNotAvailableError(
        f"The model '{entry.name}' could not be downloaded ({'; '.join(failures)}). Check the network, or set "
        f"SEMALIGN_MODELS_MIRROR to a directory or URL that holds {entry.name}/{file.name}, then run "
        f"`semalign models pull {entry.name}`."
    )


def _download(url: str, file: ModelFile, target: Path, timeout_s: float, on_bytes: ReportBytes) -> None:
    """Stream a file to a temporary neighbour of the target and move it there once its content is right."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as sink, httpx.stream("GET", url, timeout=timeout_s, follow_redirects=True) as got:
            got.raise_for_status()
            for chunk in got.iter_bytes(CHUNK):
                size += len(chunk)
                if size > file.size:
                    break
                digest.update(chunk)
                sink.write(chunk)
                on_bytes(file, len(chunk))
        if digest.hexdigest() != file.sha256 or size != file.size:
            raise ModelIntegrityError(
                f"{url} is not the published file ({file.size} bytes, SHA-256 {file.sha256[:12]}...): "
                "nothing was kept. If SEMALIGN_MODELS_MIRROR is set, correct the file there."
            )
        Path(partial).replace(target)
    finally:
        Path(partial).unlink(missing_ok=True)
