"""Jobs through the whole service: how soon they start, what the service adds to them, how many are done in a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
import redis

from worker.bench.service.workload import Body

_PAUSE_S: Final = 0.05
_PATIENCE_S: Final = 600.0
# How a client waits that costs the service little.
_WAIT: Final = {"Prefer": "wait=30"}
_WAITING_JOBS: Final = 4
BETWEEN_JOBS_S: Final = 0.3


@dataclass(frozen=True)
class JobTimes:
    """One job that found the service idle, in seconds.

    Attributes:
        to_start: From the first byte of the upload to the start of its attempt.
        attempt: From there to its end.
    """

    to_start: float
    attempt: float


@dataclass(frozen=True)
class Throughput:
    """Jobs that ended while more were waiting all the time, in how many seconds, and what each cost the broker."""

    jobs: int
    seconds: float
    broker_commands_per_job: float
    broker_kib_per_job: float

    @property
    def an_hour(self) -> float:
        """Return the jobs of one hour."""
        return 3600 * self.jobs / self.seconds


class Jobs:
    """Posts jobs, waits for them and deletes them."""

    def __init__(self, url: str, body: Body) -> None:
        self._http = httpx.Client(base_url=url, timeout=60)
        self._body = body

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def post(self) -> str:
        """Post a job and return its address."""
        headers = {"Content-Type": self._body.content_type}
        answer = self._http.post("/calibrate", content=self._body.content, headers=headers)
        answer.raise_for_status()
        return answer.headers["Location"]

    def one_alone(self) -> JobTimes:
        """Run one job on the idle service. Client and broker share a clock: they are on one machine."""
        time.sleep(BETWEEN_JOBS_S)
        sent = time.time()
        location = self.post()
        status = self._ended(location)
        self.delete([location])
        started, finished = (_moment(status, name) for name in ("started_at", "finished_at"))
        return JobTimes(started - sent, finished - started)

    def many(self, count: int, broker: redis.Redis) -> Throughput:
        """Keep jobs waiting, a new one for each that ends, and time `count` of them from end to end.

        So every worker is busy from the first end to the last that counts, and the uploads that a job costs in the long
        run fall into the time that is measured.

        Args:
            count: Jobs that count; as many for each worker, so that none is caught half-way.
            broker: Where commands are counted.
        """
        before = broker.info("stats")
        locations = [self.post() for _ in range(_WAITING_JOBS)]
        ends = []
        posted = count + _WAITING_JOBS
        for index in range(posted):
            ends.append(_moment(self._ended(locations[index]), "finished_at"))
            if len(locations) < posted:
                locations.append(self.post())
        after = broker.info("stats")
        self.delete(locations)
        ends.sort()
        commands = after["total_commands_processed"] - before["total_commands_processed"]
        traffic = sum(after[name] - before[name] for name in ("total_net_input_bytes", "total_net_output_bytes"))
        return Throughput(count, ends[count] - ends[0], commands / posted, traffic / 1024 / posted)

    def delete(self, locations: list[str]) -> None:
        """Delete jobs, whatever they are at, and wait until none is left that a worker still has."""
        for location in reversed(locations):
            self._http.delete(location).raise_for_status()
        deadline = time.monotonic() + _PATIENCE_S
        for location in locations:
            while self._http.get(location).status_code != httpx.codes.NOT_FOUND and time.monotonic() < deadline:
                time.sleep(_PAUSE_S)

    def _ended(self, location: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            status: dict[str, Any] = self._http.get(location, headers=_WAIT).json()
            if status["finished_at"] is not None:
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"{location} did not end in {_PATIENCE_S:g} s")
        if status["state"] != "succeeded":
            raise RuntimeError(f"{location} ended as {status['state']}: {status['error']}")
        return status


def _moment(status: dict[str, Any], name: str) -> float:
    """Return a moment of a job's status, Unix seconds."""
    return datetime.fromisoformat(status[name]).timestamp()
