"""What is left to do when an attempt has lost its job."""

from worker.jobs.record import JobState
from worker.jobs.store import JobStore
from worker.storage import BlobStore


def let_go(jobs: JobStore, blobs: BlobStore, job_id: str, token: int) -> None:
    """Leave a job that is not the attempt's to end: of a cancelled one nothing stays, of another's only its own.

    Raises:
        RedisError, StorageUnavailable: Something may be left; whoever comes next to it does the rest.
    """
    record = jobs.get(job_id)
    if record is None or record.state is JobState.CANCELLED:
        blobs.delete_job(job_id)
        jobs.remove(job_id)
    elif record.artifacts != token:
        blobs.delete_attempt(job_id, token)
