"""What is left to do when an attempt at a job is over, or when it turns out that the job was refused."""

from worker.jobs.record import JobRecord, JobState
from worker.jobs.store import JobStore
from worker.storage import BlobStore, StorageUnavailable


def let_go(jobs: JobStore, blobs: BlobStore, job_id: str, token: int | None) -> JobRecord | None:
    """Delete what nobody will read of a job after an attempt at it is over.

    Of a cancelled job nothing stays, of an ended one only what the attempt made that ended it, and of one that is now
    another's all but what this attempt made.

    Args:
        jobs: The records.
        blobs: What the job is kept in.
        job_id: The job.
        token: That of the attempt; None where it is not known any more, because the record is another's.

    Returns:
        The record as it was found; None where the job is gone.

    Raises:
        RedisError, StorageUnavailable: Something may be left; whoever comes next to it does the rest.
    """
    record = jobs.get(job_id)
    try:
        if record is None or record.state is JobState.CANCELLED:
            blobs.delete_job(job_id)
            jobs.remove(job_id)
        elif record.state.is_terminal:
            for attempt in range(1, record.token + 1):
                if attempt != record.artifacts:
                    blobs.delete_attempt(job_id, attempt)
        elif token is not None:
            blobs.delete_attempt(job_id, token)
    except StorageUnavailable:
        # To a job that has ended, or is gone, nobody else would come.
        jobs.leave_untidy(job_id)
        raise
    return record


def was_refused(record: JobRecord, blobs: BlobStore) -> bool:
    """Return whether the caller of a job heard that it was not accepted, although its record is there.

    The broker wrote the record and died over the answer. Inputs are stored before that, and taken back before the
    caller hears of it; nobody else deletes those of a job that waits for its first attempt.

    Raises:
        StorageUnavailable: Nobody knows.
    """
    waits_for_its_first = record.state is JobState.QUEUED and record.token == 0
    return waits_for_its_first and not record.inputs.keys <= blobs.inputs_of(record.id)
