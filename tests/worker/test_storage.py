"""Blobs in a local folder."""

import io
from pathlib import Path

import pytest

from worker.settings import Settings
from worker.storage import BlobMissing, BlobStore, StorageUnavailable, artifact_key, input_key, open_storage


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """Return a store in an empty folder."""
    return open_storage(Settings(data_dir=tmp_path))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_stored_is_read_back(blobs: BlobStore) -> None:
    """Bytes come back as they were, from a store opened anew as well."""
    blobs.put(input_key("a", "image-0"), b"\x00\xff")
    assert blobs.get(input_key("a", "image-0")) == b"\x00\xff"


def test_a_file_is_stored_whole_and_stays(blobs: BlobStore, tmp_path: Path) -> None:
    """One that is larger than a part comes back as it was; an empty one too."""
    for content in (b"", bytes(range(256)) * (12 * 2**20 // 256) + b"the end"):
        (tmp_path / "upload").write_bytes(content)
        blobs.put_file(input_key("a", "image-0"), tmp_path / "upload")
        assert blobs.get(input_key("a", "image-0")) == (tmp_path / "upload").read_bytes() == content


def test_a_blob_is_copied_to_a_file(blobs: BlobStore, tmp_path: Path) -> None:
    """Whole, whether it is larger than a piece or empty."""
    for content in (b"", bytes(range(256)) * (3 * 2**20 // 256) + b"the end"):
        blobs.put(input_key("a", "image-0"), content)
        with (tmp_path / "copy").open("wb") as file:
            blobs.copy_to(file, input_key("a", "image-0"))
        assert (tmp_path / "copy").read_bytes() == content


def test_a_blob_that_is_not_there_is_said_to_be_missing(blobs: BlobStore) -> None:
    """Missing is another thing than out of reach."""
    with pytest.raises(BlobMissing):
        blobs.get(input_key("a", "image-0"))
    with pytest.raises(BlobMissing):
        blobs.copy_to(io.BytesIO(), input_key("a", "image-0"))


def test_deleting_a_job_leaves_no_byte_and_spares_its_neighbours(blobs: BlobStore, tmp_path: Path) -> None:
    """Not even a job whose id begins alike is touched."""
    for job_id in ("a", "ab"):
        blobs.put(input_key(job_id, "image-0"), b"1")
        blobs.put(artifact_key(job_id, 1, "result.json"), b"1")
    blobs.delete_job("a")
    assert {path.relative_to(tmp_path / "blobs").parts[1] for path in _files(tmp_path)} == {"ab"}
    blobs.delete_job("ab")
    assert _files(tmp_path) == []


def test_attempts_do_not_share_keys(blobs: BlobStore) -> None:
    """Deleting what one attempt made leaves that of another."""
    blobs.put(artifact_key("a", 1, "result.json"), b"old")
    blobs.put(artifact_key("a", 11, "result.json"), b"new")
    blobs.delete_attempt("a", 1)
    assert blobs.get(artifact_key("a", 11, "result.json")) == b"new"
    with pytest.raises(BlobMissing):
        blobs.get(artifact_key("a", 1, "result.json"))


def test_a_folder_may_be_named_by_url(tmp_path: Path) -> None:
    """`file://` leads to the same kind of store."""
    store = open_storage(Settings(data_dir=tmp_path / "unused", storage_url=f"file://{tmp_path}/chosen"))
    store.put("jobs/a/inputs/x", b"1")
    assert [path.name for path in _files(tmp_path / "chosen")] == ["x"]


def test_a_folder_that_vanished_is_an_outage(blobs: BlobStore, tmp_path: Path) -> None:
    """A file in the way of the folder makes every write fail with the one error that callers handle."""
    (tmp_path / "blobs").rmdir()
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        blobs.put(input_key("a", "image-0"), b"1")
