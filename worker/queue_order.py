"""From which queue a worker takes its next job: people who wait come first, and a batch gets on all the same."""

from collections.abc import Iterable
from typing import Final

from worker.celery_app import QUEUES
from worker.jobs.record import JobQueue
from worker.settings import Settings

_INTERACTIVE: Final = QUEUES[JobQueue.INTERACTIVE]


class QueueOrder:
    """The order in which a worker asks its queues each time that it wants a job; what kombu calls a queue cycle.

    `interactive` comes first. Once so many jobs in a row as the settings say came from it, it comes last until a job of
    the batch was taken: the batch gets a share of every worker, however much is interactive. What counts is jobs, not
    time, and each worker counts for itself, so that there is nothing to agree upon.
    """

    def __init__(self) -> None:
        self._most_in_a_row: Final = Settings().interactive_in_a_row
        self._in_a_row = 0
        self._queues: tuple[str, ...] = ()

    def update(self, queues: Iterable[str]) -> None:
        """Take the queues that the worker listens to."""
        self._queues = tuple(sorted(queues))

    def consume(self, count: int) -> list[str]:
        """Return the queues in the order in which they are to be asked now, `count` of them at most."""
        is_turn_of_batch = self._in_a_row >= self._most_in_a_row
        return sorted(self._queues, key=lambda queue: (queue == _INTERACTIVE) is is_turn_of_batch)[:count]

    def rotate(self, taken_from: str) -> str:
        """Note which queue a job was taken from."""
        self._in_a_row = self._in_a_row + 1 if taken_from == _INTERACTIVE else 0
        return taken_from
