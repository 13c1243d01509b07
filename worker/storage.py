"""Blobs: what callers sent and what workers made, in a local folder or an object store.

All keys are made here, from a job id and fixed names; nothing a caller wrote becomes part of one.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from worker.settings import Settings

RESULT: Final = "result.json"
VIEW: Final = "view.json"
IMAGE_CLASSES: Final = "image-classes.png"
POINT_CLASSES: Final = "point-classes.bin"

# A file on its way to the store holds two parts in memory: one that is filled, one that is sent.
_PART_BYTES: Final = 5 * 2**20  # S3 takes no smaller ones
_LOCAL_PART_BYTES: Final = 2**20
_FILES_AT_ONCE: Final = 4
_COPY_BYTES: Final = 256 * 2**10
# A request that moves no more than this is given up early. The first of an upload is one, and so is the one that takes
# the upload back: callers hear of an outage within two seconds.
_SMALL_BYTES: Final = 64 * 2**10
_FIRST_PAUSE_S: Final = 0.1


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

    Every method raises `StorageUnavailable` when the store does not answer or refuses, and `BlobMissing` where there is
    no blob.
    """

    def __init__(self, store: ObjectStore, hasty: ObjectStore | None = None) -> None:
        """Take the store, and the same one with less patience, if it has one: for requests that move little."""
        self._store = store
        self._hasty = hasty or store
        self._files = threading.BoundedSemaphore(_FILES_AT_ONCE)

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all."""
        with _outage_as_unavailable(f"{key} could not be stored"):
            obstore.put(self._hasty if len(data) <= _SMALL_BYTES else self._store, key, data)

    def put_file(self, key: str, path: Path) -> None:
        """Store the content of a file under `key`, whole or not at all, holding no more than parts of it in memory."""
        part_bytes = _LOCAL_PART_BYTES if isinstance(self._store, LocalStore) else _PART_BYTES
        with (
            self._files,
            _outage_as_unavailable(f"{key} could not be stored"),
            path.open("rb") as file,
            obstore.open_writer(self._store, key, buffer_size=part_bytes, max_concurrency=1) as blob,
        ):
            shutil.copyfileobj(file, blob, _COPY_BYTES)

    def get(self, key: str) -> bytes:
        """Return the blob under `key`."""
        with self._reading(key):
            return bytes(obstore.get(self._store, key).bytes())

    def copy_to(self, file: IO[bytes], key: str) -> None:
        """Write the blob under `key` to an open file, holding no more than a piece of it in memory."""
        with self._reading(key):
            for piece in obstore.get(self._store, key).stream(min_chunk_size=_COPY_BYTES):
                file.write(piece)
            file.flush()  # a disk that is full says so here, and not where nobody expects it

    def delete_job(self, job_id: str) -> None:
        """Delete every blob of a job."""
        self._delete_prefix(f"jobs/{job_id}")

    def delete_inputs(self, job_id: str) -> None:
        """Delete what the caller sent."""
        self._delete_prefix(f"jobs/{job_id}/inputs")

    def delete_attempt(self, job_id: str, token: int) -> None:
        """Delete what one attempt made."""
        self._delete_prefix(f"jobs/{job_id}/attempts/{token}")

    def inputs_of(self, job_id: str) -> set[str]:
        """Return the keys of what the caller sent, as far as it is stored."""
        with _outage_as_unavailable(f"the inputs of {job_id} could not be listed"):
            pages = obstore.list(self._hasty, f"jobs/{job_id}/inputs")
            return {blob["path"] for page in pages for blob in page}

    def jobs_older_than(self, seconds: float) -> list[str]:
        """Return the jobs of whose blobs none was written in the last `seconds`."""
        latest: dict[str, datetime] = {}
        with _outage_as_unavailable("the blobs could not be listed"):
            for page in obstore.list(self._store, "jobs"):
                for blob in page:
                    job_id, written = blob["path"].split("/")[1], blob["last_modified"]
                    latest[job_id] = max(written, latest.get(job_id, written))
        horizon = datetime.now(UTC) - timedelta(seconds=seconds)
        return [job_id for job_id, written in latest.items() if written < horizon]

    def check(self) -> None:
        """Ask the store for a sign of life, without writing."""
        with _outage_as_unavailable("the storage does not answer"):
            next(iter(obstore.list(self._hasty, "jobs", chunk_size=1)), None)

    @contextlib.contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        with _outage_as_unavailable(f"{key} could not be read"):
            try:
                yield
            except (NotFoundError, FileNotFoundError) as error:
                # S3 says the same of a bucket that is not there, and then no blob is lost.
                self.check()
                raise BlobMissing(f"there is no {key}") from error

    def _delete_prefix(self, prefix: str) -> None:
        with _outage_as_unavailable(f"{prefix} could not be deleted"):
            for page in obstore.list(self._hasty, prefix):
                self._delete([blob["path"] for blob in page])

    def _delete(self, keys: list[str]) -> None:
        # API and worker both delete the blobs of a job that was cancelled while it ran: either may come first.
        if not isinstance(self._store, LocalStore):
            obstore.delete(self._hasty, keys)  # one request for a page, to which a key that is gone is no error
            return
        for key in keys:
            with contextlib.suppress(NotFoundError, FileNotFoundError):
                obstore.delete(self._store, key)


def open_storage(settings: Settings, *, patience_s: float = 0.4) -> BlobStore:
    """Open the storage that the settings name; a local folder is made, an object store is not asked yet.

    Args:
        settings: `storage_url` names it; `storage_timeout_s` and `storage_answer_s` bound requests to an object store.
        patience_s: Seconds over which a request to an object store is repeated while it does not answer.
    """
    url = urlparse(settings.storage_url)
    if url.scheme == "s3":
        bucket = _Bucket(url.netloc, url.path.strip("/"), settings.storage_answer_s, patience_s)
        return BlobStore(bucket.open(settings.storage_timeout_s), hasty=bucket.open(settings.storage_answer_s))
    folder = Path(unquote(url.path)) if url.path else settings.data_dir / "blobs"
    return BlobStore(LocalStore(folder, mkdir=True, automatic_cleanup=True))


@dataclass(frozen=True)
class _Bucket:
    """A bucket of S3 or of a server that speaks its protocol, and the prefix of our keys in it.

    Endpoint, region and credentials come from the variables that all S3 clients know, such as `AWS_ENDPOINT_URL`.
    """

    name: str
    prefix: str
    connect_timeout_s: float
    patience_s: float

    def open(self, timeout_s: float) -> S3Store:
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            client_options={
                "timeout": timedelta(seconds=timeout_s),
                "connect_timeout": timedelta(seconds=self.connect_timeout_s),
                # Options given here hide those of the environment.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
            },
            retry_config={
                "max_retries": 10,
                "retry_timeout": timedelta(seconds=self.patience_s),
                "backoff": {
                    "init_backoff": timedelta(seconds=_FIRST_PAUSE_S),
                    "max_backoff": timedelta(seconds=max(self.patience_s / 4, _FIRST_PAUSE_S)),
                    "base": 2,
                },
            },
        )


@contextlib.contextmanager
def _outage_as_unavailable(what: str) -> Iterator[None]:
    """Turn whatever a store says of an outage or a refusal into the one error that callers handle."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageUnavailable(what) from error
