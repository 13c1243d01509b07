"""What every endpoint works with: settings, job records, blobs and the queue."""

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Depends, Request

from worker.dispatch import Dispatcher
from worker.jobs.store import JobStore, connect
from worker.settings import Settings
from worker.storage import BlobStore, open_storage


@dataclass(frozen=True)
class Backend:
    """The parts behind the HTTP front, opened once per process."""

    settings: Settings
    jobs: JobStore
    blobs: BlobStore
    dispatcher: Dispatcher

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Prepare the connections; none is made before the first request."""
        return cls(
            settings=settings,
            jobs=JobStore(connect(settings.resolved_broker_url, timeout_s=settings.broker_timeout_s)),
            blobs=open_storage(settings),
            dispatcher=Dispatcher(settings),
        )

    def close(self) -> None:
        """Close the connections."""
        self.dispatcher.close()
        self.jobs.close()


def _backend_of(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


BackendOfApp = Annotated[Backend, Depends(_backend_of)]
