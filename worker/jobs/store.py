"""Job records in the broker's Redis: reading them, and the transitions as methods."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from worker.jobs import transitions
from worker.jobs.failures import POISON
from worker.jobs.idempotency import Claim
from worker.jobs.record import ANONYMOUS, JobError, JobInputs, JobOrigin, JobQueue, JobRecord, JobState
from worker.jobs.transitions import Verdict

_RETRY_PAUSE_S = 0.5
# A broker that is full to the brim takes no sign of life and hands out no job: nothing would ever make room again.
_SHARE_FOR_NEW_JOBS = 0.9


def connect(url: str, *, timeout_s: float, patience_s: float = 0.0) -> "redis.Redis":
    """Return a client of the broker at `url`; nothing is sent yet.

    Args:
        url: As redis-py writes it: `redis://`, `rediss://` or `unix://`.
        timeout_s: Seconds to wait for one answer.
        patience_s: Seconds over which a command is repeated while the broker is away.
    """
    retry = Retry(ConstantBackoff(_RETRY_PAUSE_S), retries=round(patience_s / _RETRY_PAUSE_S))
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=timeout_s, retry=retry)


@dataclass(frozen=True)
class Attempt:
    """The answer to a worker that was handed a job.

    Attributes:
        verdict: `OK` where the worker has it now.
        token: Its fencing token then.
        request_id: Id of the request that brought the job, for the logs; empty where the job is gone.
    """

    verdict: Verdict
    token: int
    request_id: str = ""


class JobStore:
    """The job records of one broker.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: "redis.Redis", prefix: str = "semalign") -> None:
        self._client = client
        self._prefix = prefix
        self._sequence = f"{prefix}:sequence"
        self._waiting = {queue: f"{prefix}:waiting:{queue}" for queue in JobQueue}
        self._sent, self._leases = f"{prefix}:sent", f"{prefix}:leases"
        self._ended, self._inputs = f"{prefix}:ended", f"{prefix}:inputs"
        self._untidy = f"{prefix}:untidy"

    def ping(self) -> None:
        """Ask the broker for a sign of life."""
        self._client.ping()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, job_id: str) -> JobRecord | None:
        """Return the record, or None if there is no such job."""
        (record,) = self.get_all([job_id])
        return record

    def get_all(self, job_ids: Sequence[str]) -> list[JobRecord | None]:
        """Return the records of some jobs, None for each that there is not, in one round trip."""
        with self._client.pipeline(transaction=False) as together:
            for job_id in job_ids:
                together.hgetall(self._record(job_id))
            answers = cast(list[dict[str, str]], together.execute())
        return [
            JobRecord.from_hash(job_id, fields) if fields else None
            for job_id, fields in zip(job_ids, answers, strict=True)
        ]

    def queue_position(self, job_id: str) -> int | None:
        """Return how many waiting jobs come before this one, or None if it does not wait."""
        (position,) = self.queue_positions([job_id])
        return position

    def queue_positions(self, job_ids: Sequence[str]) -> list[int | None]:
        """Return how many waiting jobs come before each of these, None where one does not wait, in one round trip."""
        with self._client.pipeline(transaction=False) as together:
            for queue in JobQueue:
                together.zcard(self._waiting[queue])
                for job_id in job_ids:
                    together.zrank(self._waiting[queue], job_id)
            answers = cast(list[int | None], together.execute())
        positions: list[int | None] = [None] * len(job_ids)
        before = 0
        for start in range(0, len(answers), len(job_ids) + 1):
            length, *ranks = answers[start : start + len(job_ids) + 1]
            for place, rank in enumerate(ranks):
                if rank is not None:
                    positions[place] = before + rank
            before += cast(int, length)
        return positions

    def waiting_jobs(self, queue: JobQueue) -> int:
        """Return how many jobs wait in a queue."""
        return self._client.zcard(self._waiting[queue])

    def has_room(self) -> bool:
        """Return whether the broker has memory for more jobs, beside what those need that it has."""
        memory = cast(dict[str, int], self._client.info("memory"))
        most = memory.get("maxmemory", 0)
        return most == 0 or memory["used_memory"] < _SHARE_FOR_NEW_JOBS * most

    def create(
        self, job_id: str, inputs: JobInputs, origin: JobOrigin = ANONYMOUS, claim: Claim | None = None
    ) -> Verdict:
        """Write the record of a new job, queued: `OK` or `EXISTS`, or `REPEATED` where the claim is another job's.

        From here on the job is accepted. Should nobody send its message, reconciling will.

        Args:
            job_id: The job.
            inputs: Where its inputs are stored by now.
            origin: Where it comes from.
            claim: What it takes for the key of its request, in the same step; None where the caller sent no key.
        """
        whence = (origin.owner, origin.queue, origin.request_id, origin.body_digest)
        key = (claim.name, claim.ttl_s) if claim else ("", 0)
        return Verdict(self._run(transitions.CREATE, job_id, inputs.to_json(), *whence, *key, self._record("")))

    def begin(self, job_id: str, worker: str, lease_s: float) -> Attempt:
        """Take a job that was delivered: `OK`, or why not: `GONE`, `OWNED`, `CANCELLED` or `FINISHED`.

        Args:
            job_id: The job.
            worker: Name of the worker that takes it.
            lease_s: Seconds until the attempt counts as dead unless it renews its lease.
        """
        # The client may send the call again: an attempt whose answer was lost must not shut itself out.
        call = uuid.uuid4().hex
        verdict, token, request_id = self._run(transitions.BEGIN, job_id, worker, lease_s, call)
        return Attempt(Verdict(verdict), int(token), request_id)

    def renew(self, job_id: str, token: int, lease_s: float) -> Verdict:
        """Say that an attempt lives; anything but `OK` tells it to stop."""
        return Verdict(self._run(transitions.RENEW, job_id, token, lease_s))

    def progress(self, job_id: str, token: int, stage: str, progress: float, loss: float | None) -> Verdict:
        """Write how far an attempt is; anything but `OK` tells it to stop."""
        shown_loss = "" if loss is None else repr(loss)
        return Verdict(self._run(transitions.PROGRESS, job_id, token, stage, round(progress, 4), shown_loss))

    def finish(
        self,
        job_id: str,
        token: int,
        state: JobState,
        *,
        artifacts: bool,
        error: JobError | None = None,
        verdict: str = "",
    ) -> Verdict:
        """End a job; anything but `OK` means that this attempt was not the one to end it.

        Args:
            job_id: The job.
            token: The attempt's fencing token.
            state: `SUCCEEDED` or `FAILED`.
            artifacts: Whether the attempt stored a result and overlays under its token.
            error: Why it failed.
            verdict: What the stored result says in a word, if it does.
        """
        kind, detail = (error.type, error.detail) if error else ("", "")
        return Verdict(self._run(transitions.FINISH, job_id, token, state, int(artifacts), kind, detail, verdict))

    def hand_back(self, job_id: str, token: int) -> Verdict:
        """Let a job wait again, through no fault of its own; on `OK` its message must be sent again."""
        return Verdict(self._run(transitions.HAND_BACK, job_id, token))

    def lose(self, job_id: str, token: int, max_deliveries: int, *, only_if_expired: bool = False) -> Verdict:
        """Take a job from an attempt that died: it waits again (`OK`, its message must be sent again) or is `POISON`.

        Args:
            job_id: The job.
            token: Fencing token of the attempt.
            max_deliveries: As often as this may the job be delivered.
            only_if_expired: Leave the job to an attempt whose lease has not run out: `OWNED`.
        """
        details = (int(only_if_expired), max_deliveries, POISON.type, POISON.detail)
        return Verdict(self._run(transitions.LOSE, job_id, token, *details))

    def requeue(self, job_id: str) -> Verdict:
        """Note that the message of a waiting job is sent again; on anything but `OK` it need not be."""
        return Verdict(self._run(transitions.REQUEUE, job_id))

    def cancel(self, job_id: str) -> Verdict:
        """Let nobody begin or end a job any more: its blobs and its record can be deleted, in this order.

        Returns:
            `OK`; or `CANCELLED` where an attempt has it, which is told to stop and to delete both; or `GONE`.
        """
        return Verdict(self._run(transitions.CANCEL, job_id))

    def remove(self, job_id: str) -> Verdict:
        """Delete the record, whatever its state: `OK` or `GONE`."""
        return Verdict(self._run(transitions.REMOVE, job_id))

    def forget_inputs(self, job_id: str) -> Verdict:
        """Note that the inputs of an ended job are no longer kept."""
        return Verdict(self._run(transitions.FORGET_INPUTS, job_id))

    def leave_untidy(self, job_id: str) -> None:
        """Note that a job may keep blobs that nobody reads: some may yet be written, or could not be deleted."""
        self._client.zadd(self._untidy, {job_id: self._now()})

    def tidied(self, job_id: str, seconds: float) -> None:
        """Note that a job was tidied which was left untidy more than `seconds` ago; one left so since stays noted."""
        self._run(transitions.TIDIED, job_id, self._now() - seconds)

    def leased_jobs(self) -> list[str]:
        """Return the jobs that an attempt has, whether it lives or not."""
        return self._ids(self._leases)

    def expired_leases(self) -> list[str]:
        """Return the jobs whose attempt has not said for the length of its lease that it lives."""
        return self._ids(self._leases, before=self._now())

    def sent_before(self, seconds: float) -> list[str]:
        """Return the waiting jobs whose latest message is older than `seconds`."""
        return self._ids(self._sent, before=self._now() - seconds)

    def ended_before(self, seconds: float) -> list[str]:
        """Return the jobs that ended more than `seconds` ago."""
        return self._ids(self._ended, before=self._now() - seconds)

    def with_inputs_ended_before(self, seconds: float) -> list[str]:
        """Return the jobs that ended more than `seconds` ago and whose inputs are still kept."""
        return self._ids(self._inputs, before=self._now() - seconds)

    def untidy_for(self, seconds: float) -> list[str]:
        """Return the jobs that were left untidy more than `seconds` ago: a lost attempt may have written since."""
        return self._ids(self._untidy, before=self._now() - seconds)

    def reserve(self, duty: str, seconds: float) -> bool:
        """Take a duty that one process at a time does: it is nobody else's for `seconds`."""
        return bool(self._client.set(f"{self._prefix}:duty:{duty}", "taken", nx=True, px=round(seconds * 1000)))

    def _ids(self, index: str, before: float | None = None) -> list[str]:
        most = "+inf" if before is None else before
        return cast(list[str], self._client.zrange(index, "-inf", most, byscore=True))

    def _now(self) -> float:
        seconds, microseconds = self._client.time()
        return seconds + microseconds / 1e6

    def _record(self, job_id: str) -> str:
        return f"{self._prefix}:job:{job_id}"

    def _run(self, script: str, job_id: str, *arguments: Any) -> Any:
        """Run one transition; redis-py loads the script again where a restarted broker forgot it."""
        indexes = (*self._waiting.values(), self._sent, self._leases, self._ended, self._inputs, self._untidy)
        keys = (self._record(job_id), self._sequence, *indexes)
        return self._client.register_script(script)(keys=keys, args=[job_id, *(str(each) for each in arguments)])
