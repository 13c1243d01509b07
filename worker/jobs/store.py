"""Job records in the broker's Redis: reading them, and the transitions as methods."""

from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from worker.jobs import transitions
from worker.jobs.record import ANONYMOUS, JobError, JobInputs, JobOrigin, JobQueue, JobRecord, JobState
from worker.jobs.transitions import Verdict

_RETRY_PAUSE_S = 0.5
_CANCELLED_TTL_S = 24 * 3600
POISON = JobError("poison", "The job was given up: no attempt at it came to an end. Send other inputs.")


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
    """The answer to a worker that was handed a job: `token` is its fencing token if the verdict is `OK`."""

    verdict: Verdict
    token: int


class JobStore:
    """The job records of one broker.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: "redis.Redis", prefix: str = "semalign") -> None:
        self._client = client
        self._prefix = prefix
        self._sequence = f"{prefix}:sequence"

    def ping(self) -> None:
        """Ask the broker for a sign of life."""
        self._client.ping()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, job_id: str) -> JobRecord | None:
        """Return the record, or None if there is no such job."""
        fields = cast(dict[str, str], self._client.hgetall(self._record(job_id)))
        return JobRecord.from_hash(job_id, fields) if fields else None

    def queue_position(self, job_id: str) -> int | None:
        """Return how many waiting jobs come before this one, or None if it does not wait."""
        before = 0
        for queue in JobQueue:
            rank = cast(int | None, self._client.zrank(self._waiting(queue), job_id))
            if rank is not None:
                return before + rank
            before += self.waiting_jobs(queue)
        return None

    def waiting_jobs(self, queue: JobQueue) -> int:
        """Return how many jobs wait in a queue."""
        return self._client.zcard(self._waiting(queue))

    def create(self, job_id: str, inputs: JobInputs, origin: JobOrigin = ANONYMOUS) -> Verdict:
        """Write the record of a new job, queued: `OK` or `EXISTS`."""
        return Verdict(
            self._run(
                transitions.CREATE,
                job_id,
                inputs.to_json(),
                origin.owner,
                origin.queue,
                origin.request_id,
                origin.body_digest,
            )
        )

    def begin(self, job_id: str, worker: str, max_deliveries: int) -> Attempt:
        """Take a job that was delivered: `OK`, `GONE`, `CANCELLED`, `FINISHED` or `POISON`.

        Args:
            job_id: The job.
            worker: Name of the worker that takes it.
            max_deliveries: One more delivery than this and the job fails as poison.
        """
        verdict, token = self._run(transitions.BEGIN, job_id, worker, max_deliveries, POISON.type, POISON.detail)
        return Attempt(Verdict(verdict), int(token))

    def progress(self, job_id: str, token: int, stage: str, progress: float, loss: float | None) -> Verdict:
        """Write how far an attempt is; anything but `OK` tells it to stop."""
        shown_loss = "" if loss is None else repr(loss)
        return Verdict(self._run(transitions.PROGRESS, job_id, token, stage, round(progress, 4), shown_loss))

    def finish(
        self, job_id: str, token: int, state: JobState, *, artifacts: bool, error: JobError | None = None
    ) -> Verdict:
        """End a job; anything but `OK` means that this attempt was not the one to end it.

        Args:
            job_id: The job.
            token: The attempt's fencing token.
            state: `SUCCEEDED` or `FAILED`.
            artifacts: Whether the attempt stored a result and overlays under its token.
            error: Why it failed.
        """
        kind, detail = (error.type, error.detail) if error else ("", "")
        return Verdict(self._run(transitions.FINISH, job_id, token, state, int(artifacts), kind, detail))

    def lose(self, job_id: str, worker: str, error: JobError) -> Verdict:
        """End a job whose process was killed, by the worker that ran it, if it still owns the job."""
        return Verdict(self._run(transitions.LOSE, job_id, worker, error.type, error.detail))

    def cancel(self, job_id: str) -> Verdict:
        """Delete a job that does not run (`OK`), or tell the attempt that runs to stop (`CANCELLED`); or `GONE`."""
        return Verdict(self._run(transitions.CANCEL, job_id, _CANCELLED_TTL_S))

    def remove(self, job_id: str) -> Verdict:
        """Delete the record, whatever its state: `OK` or `GONE`."""
        return Verdict(self._run(transitions.REMOVE, job_id))

    def _record(self, job_id: str) -> str:
        return f"{self._prefix}:job:{job_id}"

    def _waiting(self, queue: JobQueue) -> str:
        return f"{self._prefix}:waiting:{queue}"

    def _run(self, script: str, job_id: str, *arguments: Any) -> Any:
        """Run one transition; redis-py loads the script again where a restarted broker forgot it."""
        keys = (self._record(job_id), self._sequence, *(self._waiting(queue) for queue in JobQueue))
        return self._client.register_script(script)(keys=keys, args=[job_id, *(str(each) for each in arguments)])
