"""The order in which a worker asks its queues."""

from collections.abc import Iterable

import pytest

from worker.celery_app import QUEUES, create_celery_app
from worker.jobs.record import JobQueue
from worker.queue_order import QueueOrder
from worker.settings import Settings

INTERACTIVE, BATCH = QUEUES[JobQueue.INTERACTIVE], QUEUES[JobQueue.BATCH]


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> QueueOrder:
    """Return the order of a worker that listens to both queues and takes at most two interactive jobs in a row."""
    monkeypatch.setenv("SEMALIGN_INTERACTIVE_IN_A_ROW", "2")
    order = QueueOrder()
    order.update([BATCH, INTERACTIVE])
    return order


def _taken(order: QueueOrder, waiting: Iterable[str], count: int) -> str:
    """Take jobs from the first queue that has one, and write down from which: `i` or `b`."""
    have = set(waiting)
    taken = [order.rotate(next(queue for queue in order.consume(2) if queue in have)) for _ in range(count)]
    return "".join("i" if queue == INTERACTIVE else "b" for queue in taken)


def test_the_batch_has_its_turn_after_so_many_interactive_jobs(order: QueueOrder) -> None:
    """However long both wait."""
    assert _taken(order, [INTERACTIVE, BATCH], 9) == "iibiibiib"


def test_a_queue_that_is_alone_has_every_turn(order: QueueOrder) -> None:
    """Nobody waits for the sake of an empty queue."""
    assert _taken(order, [BATCH], 3) == "bbb"
    assert _taken(order, [INTERACTIVE], 5) == "iiiii"


def test_a_turn_that_the_batch_had_no_job_for_is_kept(order: QueueOrder) -> None:
    """Its first job comes at once, the next one in turn; interactive jobs come first again right after."""
    _taken(order, [INTERACTIVE], 5)
    assert _taken(order, [INTERACTIVE, BATCH], 4) == "biib"


def test_a_worker_may_listen_to_one_queue_or_to_none(order: QueueOrder) -> None:
    """A worker for the batch alone; one that stops listens to none, and a last job may still come in."""
    order.update([BATCH])
    assert order.consume(1) == [BATCH]
    order.update([])
    assert order.consume(0) == []
    assert order.rotate(INTERACTIVE) == INTERACTIVE


def test_kombu_finds_the_order(broker_settings: Settings) -> None:
    """The name in the options of the transport leads to it, and it is asked before each job."""
    app = create_celery_app(broker_settings)
    with app.connection_for_read() as connection:
        assert isinstance(connection.default_channel._queue_cycle, QueueOrder)
    app.close()
