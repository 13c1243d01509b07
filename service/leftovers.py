"""What refused jobs leave in storage and broker while one of them is away."""

import threading
from collections import deque
from typing import Final

import structlog
from redis.exceptions import RedisError

from worker.jobs.owned import OwnedJobs
from worker.jobs.store import JobStore
from worker.storage import BlobStore, StorageUnavailable

_PAUSE_S: Final = 1.0
# A bound of memory in long outages. What goes beyond it is left to reconciling, as is what this process dies over.
_MOST: Final = 10_000


class Leftovers:
    """Takes back what there is of jobs that were not accepted: at once, or as soon as storage and broker allow it.

    Args:
        jobs, blobs, owned: What a job is kept in.
    """

    def __init__(self, jobs: JobStore, blobs: BlobStore, owned: OwnedJobs) -> None:
        self._jobs = jobs
        self._blobs = blobs
        self._owned = owned
        self._open: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()
        self._is_trying = False
        self._closed = threading.Event()

    def take_back(self, job_id: str, owner: str) -> None:
        """Delete what there may be of a job; an outage only puts it off."""
        try:
            self._delete(job_id, owner)
        except (RedisError, StorageUnavailable):
            self._put_off(job_id, owner)

    def close(self) -> None:
        """Try no more."""
        self._closed.set()

    def _delete(self, job_id: str, owner: str) -> None:
        try:
            # The inputs first: a record without them says that the job was refused, whatever is reached no more.
            self._blobs.delete_job(job_id)
        finally:
            self._jobs.remove(job_id)
            self._owned.forget(owner, job_id)

    def _put_off(self, job_id: str, owner: str) -> None:
        with self._lock:
            if len(self._open) < _MOST:
                self._open.append((job_id, owner))
            if not self._is_trying:
                self._is_trying = True
                threading.Thread(target=self._try_again, name="leftovers", daemon=True).start()

    def _try_again(self) -> None:
        while not self._closed.wait(_PAUSE_S):
            try:
                while self._open:
                    self._delete(*self._open[0])
                    job_id, _ = self._open.popleft()
                    structlog.get_logger(__name__).info("refused job taken back", job_id=job_id)
            except (RedisError, StorageUnavailable):
                continue
            except Exception:  # nobody would start another thread, and the next job is to have its turn
                job_id, _ = self._open.popleft()
                structlog.get_logger(__name__).exception("refused job left to reconciling", job_id=job_id)
                continue
            with self._lock:
                if not self._open:
                    self._is_trying = False
                    return
