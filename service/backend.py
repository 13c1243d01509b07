"""What every endpoint works with: settings, job records, blobs, the queue, and who may use them."""

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Depends, Request

from service.access.keys import KeyRing
from service.access.rates import Rates
from service.checks import Checks
from service.leftovers import Leftovers
from service.seats import Seats
from service.spool import Spool
from service.together import Together
from worker.dispatch import Dispatcher
from worker.jobs.idempotency import IdempotencyKeys
from worker.jobs.owned import OwnedJobs
from worker.jobs.record import JobRecord, JobState
from worker.jobs.store import JobStore, connect
from worker.rigs.store import RigStore
from worker.settings import Settings
from worker.storage import BlobStore, open_storage


@dataclass(frozen=True)
class Backend:
    """The parts behind the HTTP front, opened once per process.

    Attributes:
        settings: What the operator chose.
        jobs: The job records.
        records: The same for requests that come at the same time: a record by its id.
        positions: Places in the queue by ids, likewise.
        owned: Which jobs belong to whom.
        rigs: The rigs that are watched for drift.
        idempotency: The keys of requests that may come again.
        leftovers: What refused jobs left.
        blobs: Inputs, overlays and results.
        dispatcher: The queue.
        keys: The API keys; None where the server asks for none.
        rates: How often each key posts.
        checks: Bounds the uploads whose files are read at a time, and with them the memory that reading takes.
        seats: Bounds the requests that are held open until something happens.
        spool: Where uploads are received.
    """

    settings: Settings
    jobs: JobStore
    records: Together[str, JobRecord | None]
    positions: Together[str, int | None]
    owned: OwnedJobs
    rigs: RigStore
    idempotency: IdempotencyKeys
    leftovers: Leftovers
    blobs: BlobStore
    dispatcher: Dispatcher
    keys: KeyRing | None
    rates: Rates
    checks: Checks
    seats: Seats
    spool: Spool

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Prepare the connections; none is made before the first request."""
        client = connect(settings.resolved_broker_url, timeout_s=settings.broker_timeout_s)
        jobs, owned, blobs = JobStore(client), OwnedJobs(client), open_storage(settings)
        return cls(
            settings=settings,
            jobs=jobs,
            records=Together(jobs.get_all),
            positions=Together(jobs.queue_positions),
            owned=owned,
            rigs=RigStore(client, keep_s=settings.keep_rigs_s, most_entries=settings.rig_history),
            idempotency=IdempotencyKeys(client, settings.idempotency_ttl_s),
            leftovers=Leftovers(jobs, blobs, owned),
            blobs=blobs,
            dispatcher=Dispatcher(settings),
            keys=KeyRing(settings.keys_file) if settings.keys_file else None,
            rates=Rates(client),
            checks=Checks(settings.checks_at_once),
            seats=Seats(settings.max_streams),
            spool=Spool(),
        )

    async def queue_position(self, record: JobRecord) -> int | None:
        """Return how many jobs wait before this one; None where it does not wait."""
        return await self.positions.ask(record.id) if record.state is JobState.QUEUED else None

    def still_serves(self, owner: str) -> bool:
        """Return whether a caller who was let in may stay: a key may be revoked under an answer that takes long."""
        return self.keys is None or self.keys.knows(owner)

    def close(self) -> None:
        """Close the connections."""
        self.leftovers.close()
        self.dispatcher.close()
        self.jobs.close()
        self.spool.close()


async def _backend_of(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


BackendOfApp = Annotated[Backend, Depends(_backend_of)]
