"""Handing job ids to the workers: all that ever crosses the broker's queue is an id."""

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from worker.celery_app import QUEUES, TASK, create_celery_app
from worker.errors import BrokerUnavailable
from worker.jobs.record import JobQueue
from worker.settings import Settings


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

    def terminate(self, job_id: str) -> None:
        """Kill the process that works on a job, wherever it runs; its message is dropped.

        Raises:
            BrokerUnavailable: The order could not be sent.
        """
        try:
            with self._app.connection_for_write() as connection:
                self._app.control.revoke(job_id, terminate=True, signal="SIGKILL", connection=connection)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable("the broker does not take orders") from error

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
