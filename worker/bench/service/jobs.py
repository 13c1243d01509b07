"""Jobs through the whole service: how soon they start, what the service adds to them, how many are done in a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx

from worker.bench.own_service import OwnService
from worker.bench.service.workload import Body
from worker.jobs.store import connect

_PAUSE_S: Final = 0.05
_PATIENCE_S: Final = 600.0
# How a client waits that costs the service little.
_WAIT: Final = {"Prefer": "wait=30"}
# Enough for two workers to find one that waits when they end theirs in the same moment.
_JOBS_AT_ONCE: Final = 4
_BROKER_TIMEOUT_S: Final = 5.0
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
    """Posts jobs to a service, waits for them and deletes them; its connections are closed with the block.

    Args:
        service: Where they go.
        body: What each of them is.
    """

    def __init__(self, service: OwnService, body: Body) -> None:
        self.service = service
        self._body = body
        self._http = httpx.Client(base_url=service.url, timeout=60)
        self._broker = connect(service.broker_url, timeout_s=_BROKER_TIMEOUT_S)

    def __enter__(self) -> Self:
        """Connect with the first request."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()
        self._broker.close()

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

    def many(self, count: int) -> Throughput:
        """Keep four jobs in the service, a new one for each that ends, and time `count` of them from end to end.

        So every worker is busy from the first end to the last that counts, and the uploads that a job costs in the long
        run fall into the time that is measured.

        Args:
            count: Jobs that count; as many for each worker, so that none is caught half-way.
        """
        before = self._broker.info("stats")
        locations = [self.post() for _ in range(_JOBS_AT_ONCE)]
        ends = []
        posted = count + _JOBS_AT_ONCE
        for index in range(posted):
            ends.append(_moment(self._ended(locations[index]), "finished_at"))
            if len(locations) < posted:
                locations.append(self.post())
        after = self._broker.info("stats")
        self.delete(locations)
        ends.sort()
        commands = after["total_commands_processed"] - before["total_commands_processed"]
        traffic = sum(after[name] - before[name] for name in ("total_net_input_bytes", "total_net_output_bytes"))
        return Throughput(count, ends[count] - ends[0], commands / posted, traffic / 1024 / posted)

    def delete(self, locations: list[str]) -> None:
        """Delete jobs, whatever they are at, and wait until none is left that a worker still has.

        Raises:
            RuntimeError: A worker does not let go of one, and would be busy with it while others are measured.
        """
        for location in reversed(locations):
            self._http.delete(location).raise_for_status()
        deadline = time.monotonic() + _PATIENCE_S
        for location in locations:
            while self._http.get(location).status_code != httpx.codes.NOT_FOUND:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{location} was not gone after {_PATIENCE_S:g} s")
                time.sleep(_PAUSE_S)

    def _ended(self, location: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            status: dict[str, Any] = self._http.get(location, headers=_WAIT).raise_for_status().json()
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
