"""Blobs in an object store: a real S3 server."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from worker.settings import Settings
from worker.storage import BlobMissing, BlobStore, StorageUnavailable, artifact_key, input_key, open_storage

IMAGE = input_key("a", "image-0")


@pytest.fixture
def environment(s3: Any, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Lead this process to the server."""
    for variable, value in s3.environment.items():
        monkeypatch.setenv(variable, value)
    return monkeypatch


def opened(bucket: str = "bucket") -> BlobStore:
    # Where many tests share few cores, an answer may take longer than callers would wait.
    return open_storage(Settings(storage_url=f"s3://{bucket}/deployment/one", storage_answer_s=20))


def objects(s3: Any) -> list[str]:
    """Return the keys of all objects, as the server keeps them."""
    bucket = s3.folder / "bucket"
    return sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file())


@pytest.fixture
def blobs(environment: pytest.MonkeyPatch) -> BlobStore:
    """Return a store in an empty bucket."""
    return opened()


def test_what_was_stored_is_read_back_by_another_machine(blobs: BlobStore, s3: Any) -> None:
    """Bytes come back as they were, from a store opened anew, and lie under the prefix."""
    blobs.put(IMAGE, b"\x00\xff")
    assert opened().get(IMAGE) == b"\x00\xff"
    assert objects(s3) == [f"deployment/one/{IMAGE}"]


def test_a_large_file_is_stored_whole(blobs: BlobStore, tmp_path: Path) -> None:
    """It goes up in several parts, of which nobody sees one alone."""
    content = bytes(range(256)) * (20 * 2**20 // 256) + b"the end"
    (tmp_path / "upload").write_bytes(content)
    blobs.put_file(IMAGE, tmp_path / "upload")
    assert blobs.get(IMAGE) == content


def test_deleting_a_job_leaves_no_byte_and_spares_its_neighbours(blobs: BlobStore, s3: Any) -> None:
    """Not even a job whose id begins alike is touched; deleting twice is no error."""
    for job_id in ("a", "ab"):
        for key in (input_key(job_id, "image-0"), artifact_key(job_id, 1, "result.json")):
            blobs.put(key, b"1")
    blobs.delete_attempt("a", 1)
    assert f"deployment/one/{artifact_key('a', 1, 'result.json')}" not in objects(s3)
    blobs.delete_job("a")
    blobs.delete_job("a")
    assert {key.split("/")[3] for key in objects(s3)} == {"ab"}


def test_a_blob_that_is_not_there_is_missing_but_a_bucket_is_an_outage(blobs: BlobStore) -> None:
    """S3 answers 404 to both; a job must not fail for inputs that are only out of reach."""
    with pytest.raises(BlobMissing):
        blobs.get(IMAGE)
    elsewhere = opened("no-such-bucket")
    for use in (
        lambda: elsewhere.get(IMAGE),
        lambda: elsewhere.put(IMAGE, b"1"),
        lambda: elsewhere.delete_job("a"),
        elsewhere.check,
    ):
        with pytest.raises(StorageUnavailable):
            use()


def test_wrong_credentials_are_an_outage(environment: pytest.MonkeyPatch) -> None:
    """Nothing is taken for missing where the server only refuses to tell."""
    environment.setenv("AWS_SECRET_ACCESS_KEY", "a guess")
    store = opened()
    for use in (
        lambda: store.get(IMAGE),
        lambda: store.put(IMAGE, b"1"),
        lambda: store.delete_job("a"),
        store.check,
    ):
        with pytest.raises(StorageUnavailable):
            use()


def test_a_server_that_comes_back_is_used_again(blobs: BlobStore, s3: Any) -> None:
    """An outage is an error while it lasts, and nothing after it."""
    blobs.put(IMAGE, b"before")
    s3.stop()
    for use in (lambda: blobs.get(IMAGE), lambda: blobs.put(IMAGE, b"during"), blobs.check):
        with pytest.raises(StorageUnavailable):
            use()
    s3.start()
    blobs.check()
    assert blobs.get(IMAGE) == b"before"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_server_that_hangs_is_not_waited_for(environment: pytest.MonkeyPatch, silent_port: int) -> None:
    """Both the check and, within its own limit, a request end, though no answer ever comes."""
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent_port}")
    store = open_storage(Settings(storage_url="s3://bucket", storage_timeout_s=0.5, storage_answer_s=0.5))
    large = b"1" * 2**20
    for use in (store.check, lambda: store.put(IMAGE, b"1"), lambda: store.put(IMAGE, large), lambda: store.get(IMAGE)):
        with pytest.raises(StorageUnavailable):
            use()


def test_http_is_used_only_where_it_was_allowed(environment: pytest.MonkeyPatch) -> None:
    """Frames of a fleet do not leave the machine in the clear by a slip of the pen."""
    environment.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StorageUnavailable):
        opened().check()


@pytest.mark.parametrize("url", ["ftp://host/folder", "s3://key:secret@bucket", "blobs", "s3://"])
def test_an_address_of_another_kind_is_refused_at_the_start(url: str) -> None:
    """The operator reads what to write."""
    with pytest.raises(ValidationError, match="s3://bucket/prefix or file:///folder"):
        Settings(storage_url=url)
