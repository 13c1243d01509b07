"""Faults of all kinds, at random, under a load of jobs: nothing is lost, nothing ends twice, nothing hangs."""

import io
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from worker.dispatch import Dispatcher
from worker.jobs.record import JobQueue, JobRecord, JobState
from worker.storage import RESULT, BlobMissing, artifact_key

# Nothing depends on how fast it goes, only on its coming to an end.
NO_PROGRESS_S = 240.0
# A fault waits so long at most for a job that it can hit.
AIM_S = 15.0
# What the stand-in makes of these seeds, and how many of a hundred jobs have them.
ENDINGS = {
    0: (80, JobState.SUCCEEDED, None),
    1: (7, JobState.FAILED, "internal-error"),
    2: (8, JobState.FAILED, "no-point-in-view"),
}
DELETED_OF_100 = 5


@dataclass
class Order:
    """A job that a caller wants, and what came of it.

    Attributes:
        number: Tells the orders apart, and is the idempotency key.
        seed: How the job is to end.
        seconds: How long it is to take.
        is_deleted: Whether the caller deletes it once it is accepted.
        job_id: What the service called it, once that is known.
        end: Its record when its end was first seen, or when it was seen to be gone.
    """

    number: int
    seed: int
    seconds: float
    is_deleted: bool
    job_id: str | None = None
    end: JobRecord | None = None
    is_gone: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the caller waits for nothing more."""
        return self.is_gone or self.end is not None


@dataclass
class Caller:
    """Sends the orders and follows them, whatever the service does meanwhile."""

    fleet: Any
    orders: list[Order]
    answers: Counter[str] = field(default_factory=Counter)

    def turn(self) -> None:
        """Send a few orders, delete some jobs, and look at the rest."""
        for order in [order for order in self.orders if order.job_id is None][:5]:
            self._guarded(self._send, order)
        for order in [order for order in self.orders if order.job_id is not None and not order.is_over]:
            self._guarded(self._delete if order.is_deleted else self._look_at, order)

    def _guarded(self, step: Callable[[Order], None], order: Order) -> None:
        try:
            step(order)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1

    def _send(self, order: Order) -> None:
        request = {
            "camera": {"K": [[100, 0, 32], [0, 100, 16], [0, 0, 1]]},
            "initial": {"T_cam_lidar": [[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]},
            "image_model": "any",
            "cloud_model": "any",
            "seed": order.seed,
            "options": {"num_iterations": round(order.seconds * 100)},
        }
        parts: list[tuple[str, Any]] = [
            ("image", ("image.png", IMAGE)),
            ("point_cloud", ("cloud.bin", CLOUD)),
            ("request", (None, json.dumps(request), "application/json")),
        ]
        key = {"Idempotency-Key": f"order-{order.number}"}
        answer = self.fleet.http.post("/calibrate", files=parts, headers=key)
        self.answers[str(answer.status_code)] += 1
        if answer.is_success:
            order.job_id = answer.json()["id"]
        else:
            assert answer.status_code == 503, answer.text

    def _look_at(self, order: Order) -> None:
        record = self.fleet.jobs.get(order.job_id)
        assert record is not None, "an accepted job is lost"
        order.end = record if record.state.is_terminal else None

    def _delete(self, order: Order) -> None:
        answer = self.fleet.http.delete(f"/jobs/{order.job_id}")
        self.answers[str(answer.status_code)] += 1
        order.is_gone = answer.status_code in (204, 404)


def _image() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 32)).save(buffer, "PNG")
    return buffer.getvalue()


IMAGE = _image()
CLOUD = np.column_stack([np.linspace(5, 20, 10), np.ones((10, 3))]).astype("<f4").tobytes()


def _orders(dose: Any, dice: Any) -> list[Order]:
    seeds, weights = list(ENDINGS), [share for share, *_ in ENDINGS.values()]
    return [
        Order(number, dice.choices(seeds, weights)[0], dice.uniform(*dose.work_s), dice.random() < DELETED_OF_100 / 100)
        for number in range(dose.jobs)
    ]


def _faults(dose: Any, fleet: Any) -> list[Callable[[], None]]:
    faults = (
        [fleet.kill_worker] * dose.worker_kills
        + [fleet.kill_broker] * dose.broker_kills
        + [fleet.stop_worker] * dose.worker_stops
        + [fleet.restart_api] * dose.api_restarts
    )
    fleet.dice.shuffle(faults)
    return faults


def _run(fleet: Any, dose: Any, caller: Caller, faults: list[Callable[[], None]]) -> None:
    """Go on until all faults are over and every order has come to its end."""
    next_fault = time.monotonic() + fleet.dice.uniform(*dose.pause_s)
    over, last_progress = 0, time.monotonic()
    while faults or not _all_over(caller.orders):
        fleet.revive()
        caller.turn()
        late_s = time.monotonic() - next_fault
        if faults and late_s > 0 and (late_s > AIM_S or fleet.jobs.leased_jobs() or _all_over(caller.orders)):
            faults.pop()()
            next_fault = time.monotonic() + fleet.dice.uniform(*dose.pause_s)
        if (now_over := sum(order.is_over for order in caller.orders)) > over or faults:
            over, last_progress = now_over, time.monotonic()
        assert time.monotonic() < last_progress + NO_PROGRESS_S, "jobs are stuck"
        time.sleep(0.1)


def _all_over(orders: list[Order]) -> bool:
    return all(order.is_over for order in orders)


def _quiet(fleet: Any) -> bool:
    """Return whether nothing waits and nothing is owned: not even jobs that no caller heard of."""
    fleet.revive()
    waiting = sum(fleet.jobs.waiting_jobs(queue) for queue in JobQueue)
    return not waiting and not fleet.jobs.leased_jobs()


def _endings_logged(fleet: Any) -> Counter[str]:
    """Return how often an attempt ended each job."""
    endings: Counter[str] = Counter()
    for line in fleet.worker_log.read_text(errors="replace").splitlines():
        if line.startswith("{") and line.endswith("}"):
            entry = json.loads(line)
            if entry.get("event") == "job ended" and entry.get("verdict") == "ok":
                endings[entry["job_id"]] += 1
    return endings


def _check_order(order: Order, record: JobRecord | None, fleet: Any) -> None:
    if order.is_deleted:
        assert record is None
        assert not list((fleet.settings.data_dir / "blobs" / "jobs" / str(order.job_id)).rglob("*.*"))
        return
    _, state, error_type = ENDINGS[order.seed]
    assert record is not None, "an accepted job is lost"
    assert record == order.end, "a job changed after its end"
    assert (record.state, record.error and record.error.type) == (state, error_type)
    if error_type == "internal-error":
        assert record.artifacts is None
        return
    assert record.artifacts is not None
    assert json.loads(fleet.blobs.get(artifact_key(record.id, record.artifacts, RESULT)))["seed"] == order.seed
    for token in range(record.artifacts + 1, record.token + 2):
        with pytest.raises(BlobMissing):
            fleet.blobs.get(artifact_key(record.id, token, RESULT))


@pytest.mark.timeout(1800)
def test_no_fault_loses_or_doubles_a_job(fleet: Any, dose: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every job that was accepted ends once, as it should; afterwards nothing waits and nothing is left over."""
    started = time.monotonic()
    caller = Caller(fleet, _orders(dose, fleet.dice))
    faults = _faults(dose, fleet)
    _run(fleet, dose, caller, faults)
    while not _quiet(fleet):
        assert time.monotonic() < started + 1500, "jobs are stuck"
        time.sleep(0.2)
    records = fleet.records()
    for order in caller.orders:
        _check_order(order, records.get(str(order.job_id)), fleet)
    assert all(record.state.is_terminal for record in records.values())
    assert set(records) == {order.job_id for order in caller.orders if not order.is_deleted}
    assert max(_endings_logged(fleet).values()) == 1
    dispatcher = Dispatcher(fleet.settings)
    assert not [job_id for job_id in dispatcher.queued_jobs() if not records[job_id].state.is_terminal]
    dispatcher.close()
    report = {
        "jobs": len(records),
        "seconds": round(time.monotonic() - started),
        "jobs by deliveries": dict(sorted(Counter(record.deliveries for record in records.values()).items())),
        "jobs by end": dict(Counter(record.state.value for record in records.values())),
        "answers": dict(caller.answers),
    }
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(report)}\n")
