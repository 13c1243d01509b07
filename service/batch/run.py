"""Running a batch: a bounded number of jobs under way, each of them posted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from service.batch.journal import Journal
from service.batch.manifest import BatchJob
from service.client import AsyncClient, NotFoundError, RefusedError, UnauthorizedError


async def run_batch(
    jobs: Sequence[BatchJob],
    journal: Journal,
    client: AsyncClient,
    *,
    jobs_at_once: int,
    on_end: Callable[[BatchJob], object],
) -> None:
    """Do what the journal does not know as done; cancelling leaves jobs that were posted to the next run.

    Args:
        jobs: The batch.
        journal: What was done before.
        client: The server.
        jobs_at_once: Most jobs that are posted and have not ended.
        on_end: Told of each job that has ended.

    Raises:
        SemalignError: The server cannot be reached, or wants another API key.
    """
    limiter = anyio.CapacityLimiter(jobs_at_once)

    async def one(job: BatchJob) -> None:
        async with limiter:
            await _do(job, journal, client)
        on_end(job)

    async with anyio.create_task_group() as group:
        for job in jobs:
            if journal.ended(job) is None:
                group.start_soon(one, job)


async def _do(job: BatchJob, journal: Journal, client: AsyncClient) -> None:
    while journal.ended(job) is None:
        job_id = journal.posted(job)
        try:
            if job_id is None:
                # Should this process die before the next line, the same key leads the next one to the same job.
                key = journal.key_of(job)
                accepted = await client.submit(job.frames, job.request, queue="batch", idempotency_key=key)
                job_id = accepted.id
                journal.note_posted(job, job_id)
            journal.note_ended(job, await client.wait(job_id))
        except UnauthorizedError:
            raise
        except NotFoundError:
            if job_id is None:
                raise
            journal.note_lost(job)
        except RefusedError as error:
            journal.note_refused(job, str(error))
