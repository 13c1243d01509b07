"""What a batch has done so far, in a file that survives every interruption."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from service.batch.manifest import BatchJob
from service.client import JobStatus

JOURNAL = "journal.jsonl"
RESULTS = "results"


class JournalError(Exception):
    """The folder of a batch cannot be used; the message says why."""


@dataclass(frozen=True)
class Ended:
    """How a job of the batch ended.

    Attributes:
        job_id: Its id on the server; empty where the server refused it.
        state: `succeeded`, `failed`, `cancelled` or `refused`.
        detail: Why there is no estimate; empty where there is one.
    """

    job_id: str
    state: str
    detail: str = ""


class Journal:
    """The journal of one batch: a line for each job that was posted, ended or lost; the last line may be torn.

    One process at a time holds it. What it says is on disk before anything is done that relies on it.
    """

    def __init__(self, folder: Path) -> None:
        """Open the journal in a folder, or begin one.

        Raises:
            JournalError: Another process works on it, or it cannot be written.
        """
        self.folder = folder
        try:
            (folder / RESULTS).mkdir(parents=True, exist_ok=True)
            self._file = (folder / JOURNAL).open("a+", encoding="utf-8")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(f"Another process works on {folder}: wait for it, or choose another --out.") from error
        except OSError as error:
            raise JournalError(f"{error.filename} cannot be written: {error.strerror}.") from error
        self._batch_id = ""
        self._posted: dict[tuple[str, str], str] = {}
        self._ended: dict[tuple[str, str], Ended] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._read()
        if not self._batch_id:
            self._write({"batch": uuid.uuid4().hex})

    def __enter__(self) -> Self:
        """Hold it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        self._file.close()

    def key_of(self, job: BatchJob) -> str:
        """Return the `Idempotency-Key` of a job: the same until it has ended or is lost, then another one."""
        attempt = self._attempts.get((job.name, job.digest), 0)
        return hashlib.sha256(f"{self._batch_id}:{job.name}:{job.digest}:{attempt}".encode()).hexdigest()

    def posted(self, job: BatchJob) -> str | None:
        """Return the id of a job that was posted and has not ended, as far as is known."""
        return self._posted.get((job.name, job.digest))

    def ended(self, job: BatchJob) -> Ended | None:
        """Return how a job ended, if it did."""
        return self._ended.get((job.name, job.digest))

    def result(self, job: BatchJob) -> dict[str, Any] | None:
        """Return the result of a job, if it left one."""
        try:
            result: dict[str, Any] = json.loads(self._result_path(job).read_bytes())
        except FileNotFoundError:
            return None
        return result

    def note_posted(self, job: BatchJob, job_id: str) -> None:
        """Note the id of a job."""
        self._write({"name": job.name, "digest": job.digest, "posted": job_id})

    def note_lost(self, job: BatchJob) -> None:
        """Note that the server knows nothing of a job any more, or that it is to be done again."""
        self._write({"name": job.name, "digest": job.digest, "lost": True})

    def note_refused(self, job: BatchJob, detail: str) -> None:
        """Note that the server does not take a job."""
        self._result_path(job).unlink(missing_ok=True)
        self._write({"name": job.name, "digest": job.digest, "ended": ["", "refused", detail]})

    def note_ended(self, job: BatchJob, status: JobStatus) -> None:
        """Write the result of a job, then note its end: a result without a note is fetched again."""
        path = self._result_path(job)
        if status.result is None:
            path.unlink(missing_ok=True)
        else:
            unfinished = path.with_suffix(".part")
            unfinished.write_text(json.dumps(status.result.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
            unfinished.replace(path)
        detail = "" if status.error is None else status.error.detail
        self._write({"name": job.name, "digest": job.digest, "ended": [status.id, status.state.value, detail]})

    def _result_path(self, job: BatchJob) -> Path:
        return self.folder / RESULTS / f"{job.name}.json"

    def _read(self) -> None:
        self._file.seek(0)
        text = self._file.read()
        for line in text.splitlines():
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue  # torn when its writer was killed: what it said was not relied on yet
        if text and not text.endswith("\n"):
            self._file.write("\n")

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        if "batch" in entry:
            self._batch_id = entry["batch"]
            return
        key = entry["name"], entry["digest"]
        if "posted" in entry:
            self._posted[key] = entry["posted"]
            return
        self._posted.pop(key, None)
        self._ended.pop(key, None)
        self._attempts[key] = self._attempts.get(key, 0) + 1
        if "ended" in entry:
            self._ended[key] = Ended(*entry["ended"])
