"""What refused jobs leave, in the thread that takes it back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.leftovers import Leftovers
from worker.jobs.owned import OwnedJobs
from worker.jobs.record import JobInputs
from worker.jobs.store import JobStore
from worker.settings import Settings
from worker.storage import BlobStore, StorageUnavailable, open_storage


@pytest.fixture
def leftovers(jobs: JobStore, client: Any, tmp_path: Path) -> Iterator[Leftovers]:
    """Return the leftovers of an empty broker and storage."""
    leftovers = Leftovers(jobs, open_storage(Settings(data_dir=tmp_path)), OwnedJobs(client))
    yield leftovers
    leftovers.close()


def test_what_nobody_foresaw_keeps_no_other_job_from_being_taken_back(
    leftovers: Leftovers, jobs: JobStore, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """The storage is away, and then stumbles over one job; the next one goes all the same."""
    away, deleted = {"strange", "plain"}, []
    delete_job = BlobStore.delete_job

    def stumbles(blobs: BlobStore, job_id: str) -> None:
        if job_id in away:
            raise StorageUnavailable("away")
        if job_id == "strange":
            raise ValueError("unforeseen")
        delete_job(blobs, job_id)
        deleted.append(job_id)

    monkeypatch.setattr(BlobStore, "delete_job", stumbles)
    for job_id in ("strange", "plain"):
        jobs.create(job_id, JobInputs("request", ()))
        leftovers.take_back(job_id, "")
    away.clear()
    eventually(lambda: deleted == ["plain"])
