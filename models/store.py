"""Find, fetch and check the files of a model.

A mirror comes first, then the local store, then the public source. A mirror that is a directory is read in place. Files
that come with the package are read there and nowhere else.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import httpx

from models.catalogue import CatalogueEntry, ModelFile
from models.download import ReportBytes, download
from models.errors import ModelIntegrityError, ModelNotAvailableError, TermsNotAcceptedError
from models.settings import StoreSettings

EMBEDDED_FOLDER = Path(__file__).parent / "embedded"
_FETCH_HINT = "delete it and run `semalign models pull {name}`"
_REINSTALL_HINT = "install semalign again"


def locate(entry: CatalogueEntry, settings: StoreSettings | None = None) -> Mapping[str, Path] | None:
    """Return the path of each file of a model that is on this machine, or None while any is missing."""
    settings = settings or StoreSettings()
    paths = {file.name: _find(entry, file, settings) for file in entry.files}
    present = {name: path for name, path in paths.items() if path is not None}
    return present if len(present) == len(paths) else None


def pull(
    entry: CatalogueEntry,
    settings: StoreSettings | None = None,
    on_bytes: ReportBytes | None = None,
    *,
    accept_terms: bool = False,
) -> Mapping[str, bytes]:
    """Download what is missing of a model and return the content of every file, checked.

    Args:
        entry: the model.
        settings: where to look and to keep; from the environment by default.
        on_bytes: told of every piece that arrives.
        accept_terms: fetch it even where its terms rule out commercial use.

    Raises:
        TermsNotAcceptedError: files are missing, and nobody accepted such terms.
        ModelNotAvailableError: a file could be had nowhere, or not be kept.
        ModelIntegrityError: a file is not the one the catalogue describes; nothing wrong is kept.
    """
    settings = settings or StoreSettings()
    missing = [file for file in entry.files if _find(entry, file, settings) is None]
    if missing and entry.non_commercial:
        require_accepted(entry.name, settings, accept_terms)
    for file in missing:
        _download_from_first(entry, file, settings, on_bytes)
    return read(entry, settings)


def require_accepted(name: str, settings: StoreSettings, accept_terms: bool) -> None:
    """Refuse to fetch a model for non-commercial use unless somebody accepted that, here or in the settings.

    Raises:
        TermsNotAcceptedError: nobody did.
    """
    if not (accept_terms or settings.models_accept_non_commercial):
        raise TermsNotAcceptedError(
            f"The terms of '{name}' rule out commercial use. Read them with `semalign models show {name}`; where they "
            f"suit you, fetch it with `semalign models pull {name} --accept-terms`, or set "
            "SEMALIGN_MODELS_ACCEPT_NON_COMMERCIAL=true."
        )


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
    return {file.name: _read_checked(entry, file, paths[file.name]) for file in entry.files}


def _find(entry: CatalogueEntry, file: ModelFile, settings: StoreSettings) -> Path | None:
    folders = (EMBEDDED_FOLDER,) if file.url is None else (settings.mirror_directory, settings.models_dir)
    candidates = (folder / entry.name / file.name for folder in folders if folder is not None)
    return next((path for path in candidates if path.is_file()), None)


def _read_checked(entry: CatalogueEntry, file: ModelFile, path: Path) -> bytes:
    # A file of the wrong size may be huge: it is not worth reading.
    content = path.read_bytes() if path.stat().st_size == file.size else b""
    if hashlib.sha256(content).hexdigest() != file.sha256:
        hint = _REINSTALL_HINT if file.url is None else _FETCH_HINT.format(name=entry.name)
        raise ModelIntegrityError(
            f"{path} is not the published file of '{entry.name}' ({file.size} bytes, SHA-256 {file.sha256[:12]}...); "
            f"{hint}."
        )
    return content


def _download_from_first(
    entry: CatalogueEntry, file: ModelFile, settings: StoreSettings, on_bytes: ReportBytes | None
) -> None:
    """Download a file from the first source that has it: the mirror, then its public address."""
    if file.url is None:
        raise ModelNotAvailableError(
            f"{EMBEDDED_FOLDER / entry.name / file.name} is missing from this installation; {_REINSTALL_HINT}."
        )
    mirrored = [f"{settings.mirror_url}/{entry.name}/{file.name}"] if settings.mirror_url else []
    target = settings.models_dir / entry.name / file.name
    failures = []
    for url in [*mirrored, file.url]:
        try:
            download(url, file, target, settings.models_timeout_s, on_bytes)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failures.append(f"{url}: {str(error) or type(error).__name__}")
        except OSError as error:
            raise ModelNotAvailableError(
                f"The model '{entry.name}' cannot be kept in {settings.models_dir} ({error.strerror}); "
                "set SEMALIGN_MODELS_DIR to a directory that can be written."
            ) from error
        else:
            return
    raise ModelNotAvailableError(
        f"The model '{entry.name}' could not be downloaded ({'; '.join(failures)}). Check the network, or set "
        f"SEMALIGN_MODELS_MIRROR to a directory or URL that holds {entry.name}/{file.name}, then run "
        f"`semalign models pull {entry.name}`."
    )
