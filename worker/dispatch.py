"""Handing job ids to the workers: all that ever crosses the broker's queue is an id."""

import json
from collections.abc import Iterator
from typing import Any, Final

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from worker.celery_app import QUEUES, TASK, create_celery_app
from worker.errors import BrokerUnavailable
from worker.jobs.record import JobQueue
from worker.settings import Settings

_MESSAGES_AT_ONCE: Final = 500


class Dispatcher:
    """The API's end of the queue; it fails at once where the broker is away, so that callers hear 503, not silence."""

    def __init__(self, settings: Settings) -> None:
        self._app = create_celery_app(settings)
        self._app.conf.broker_transport_options |= {
            "socket_timeout": settings.broker_timeout_s,
            "socket_connect_timeout": settings.broker_timeout_s,
            # `retry=False` is not enough: the first connection is tried again for 6 s unless this says otherwise.
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
        }

    def publish(self, job_id: str, queue: JobQueue = JobQueue.INTERACTIVE) -> None:
        """Hand a job to the workers.

        Raises:
            BrokerUnavailable: The broker did not take the message.
        """
        try:
            self._app.send_task(
                TASK, args=[job_id], task_id=job_id, queue=QUEUES[queue], retry=False, ignore_result=True
            )
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable("the broker does not take jobs") from error

    def queued_jobs(self) -> set[str]:
        """Return the jobs whose messages lie in a queue; those that a worker took are not among them.

        Raises:
            BrokerUnavailable: The broker does not answer.
        """
        try:
            with self._app.connection_for_write() as connection:
                client = connection.default_channel.client
                return {job_id for name in QUEUES.values() for job_id in _jobs_in(client, name)}
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable("the broker does not show its queues") from error

    def workers(self, timeout_s: float = 1.0) -> list[str]:
        """Return the names of the workers that answer within `timeout_s` seconds.

        Raises:
            BrokerUnavailable: The question could not be sent.
        """
        try:
            # Not one from the pool: that may still lead to a broker that was restarted since.
            with self._app.connection_for_write() as connection:
                answers = self._app.control.ping(timeout=timeout_s, connection=connection)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable("the broker does not take questions") from error
        return sorted(name for answer in answers for name in answer)

    def close(self) -> None:
        """Close the connections."""
        self._app.close()


def _jobs_in(client: Any, queue: str) -> Iterator[str]:
    """Read a list of messages piece by piece; one that grows or shrinks meanwhile may be seen twice or not at all."""
    for start in range(0, client.llen(queue), _MESSAGES_AT_ONCE):
        for message in client.lrange(queue, start, start + _MESSAGES_AT_ONCE - 1):
            yield json.loads(message)["headers"]["id"]
