"""Publishing job ids."""

import base64
import json
import time

import pytest
import redis

from worker.celery_app import QUEUES
from worker.dispatch import Dispatcher
from worker.errors import BrokerUnavailable
from worker.jobs.record import JobQueue
from worker.settings import Settings


def test_a_message_carries_the_job_id_and_nothing_else(broker_settings: Settings, client: "redis.Redis") -> None:
    """No tensor, no path, no secret crosses the queue."""
    dispatcher = Dispatcher(broker_settings)
    dispatcher.publish("0123")
    (message,) = [json.loads(text) for text in client.lrange(QUEUES[JobQueue.INTERACTIVE], 0, -1)]  # type: ignore[union-attr]
    arguments, options, _ = json.loads(base64.b64decode(message["body"]))
    assert (arguments, options) == (["0123"], {})
    assert message["content-type"] == "application/json"
    assert message["headers"]["id"] == "0123"
    dispatcher.close()


@pytest.mark.parametrize("url", ["unix:///nowhere/broker.sock", "redis://127.0.0.1:9/0"])
def test_a_broker_that_is_down_is_noticed_at_once(url: str) -> None:
    """An API must answer 503 within two seconds."""
    dispatcher = Dispatcher(Settings(broker_url=url))
    started = time.monotonic()
    with pytest.raises(BrokerUnavailable):
        dispatcher.publish("0123")
    assert time.monotonic() - started < 1.5
    dispatcher.close()
