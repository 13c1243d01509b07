"""Blobs: what callers sent and what workers made, in a local folder or an object store.

All keys are made here, from a job id and fixed names; nothing a caller wrote becomes part of one.
"""

import contextlib
from pathlib import Path
from typing import Final
from urllib.parse import urlparse

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from worker.settings import Settings

RESULT: Final = "result.json"


class StorageUnavailable(Exception):  # noqa: N818 - names the state the caller has to wait out
    """The storage does not answer, or refuses."""


class BlobMissing(LookupError):  # noqa: N818 - names what the caller has to know
    """There is no blob under this key."""


def input_key(job_id: str, name: str) -> str:
    """Return the key of something the caller sent; `name` is the server's, such as `image-0`."""
    return f"jobs/{job_id}/inputs/{name}"


def artifact_key(job_id: str, token: int, name: str) -> str:
    """Return the key of something an attempt made; attempts share no key, so that a late one overwrites nothing."""
    return f"jobs/{job_id}/attempts/{token}/{name}"


def overlay_name(stage: str) -> str:
    """Return the name of the overlay of a stage, `initial` or `final`."""
    return f"overlay-{stage}.png"


class BlobStore:
    """The blobs of one deployment.

    Every method raises `StorageUnavailable` when the store does not answer, and `BlobMissing` where there is no blob.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all."""
        try:
            obstore.put(self._store, key, data)
        except (BaseError, OSError) as error:
            raise StorageUnavailable(f"{key} could not be stored") from error

    def get(self, key: str) -> bytes:
        """Return the blob under `key`."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise BlobMissing(f"there is no {key}") from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable(f"{key} could not be read") from error

    def delete_job(self, job_id: str) -> None:
        """Delete every blob of a job."""
        self._delete_prefix(f"jobs/{job_id}")

    def delete_attempt(self, job_id: str, token: int) -> None:
        """Delete what one attempt made."""
        self._delete_prefix(f"jobs/{job_id}/attempts/{token}")

    def check(self) -> None:
        """Ask the store for a sign of life, without writing."""
        try:
            next(iter(obstore.list(self._store, "jobs", chunk_size=1)), None)
        except (BaseError, OSError) as error:
            raise StorageUnavailable("the storage does not answer") from error

    def _delete_prefix(self, prefix: str) -> None:
        try:
            for page in obstore.list(self._store, prefix):
                for blob in page:
                    self._delete(blob["path"])
        except (BaseError, OSError) as error:
            raise StorageUnavailable(f"{prefix} could not be deleted") from error

    def _delete(self, key: str) -> None:
        # API and worker both delete the blobs of a job that was cancelled while it ran: either may come first.
        with contextlib.suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, key)


def open_storage(settings: Settings) -> BlobStore:
    """Open the storage that the settings name; a local folder is made."""
    url = urlparse(settings.storage_url)
    if url.scheme in ("", "file"):
        folder = Path(url.path) if url.path else settings.data_dir / "blobs"
        return BlobStore(LocalStore(folder, mkdir=True, automatic_cleanup=True))
    return BlobStore(from_url(settings.storage_url))
