"""Idempotency keys: a request that is sent again leads to the job of the first one.

A key is claimed before its job exists, and confirmed once the job is queued. A claim that nobody confirms goes away by
itself: the process that made it died in between.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import redis

_UNCONFIRMED_TTL_S: Final = 300

# KEYS: the claim. ARGV: digest of the request, id of the job it would become, prefix of records, seconds as above.
_CLAIM: Final = """
local digest, job, confirmed = unpack(redis.call('HMGET', KEYS[1], 'digest', 'job', 'confirmed'))
if job and not (confirmed and redis.call('EXISTS', ARGV[3] .. job) == 0) then
  if digest ~= ARGV[1] then return {'other', job} end
  return {confirmed and 'same' or 'pending', job}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'digest', ARGV[1], 'job', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {'new', ARGV[2]}
"""

# KEYS: the claim. ARGV: id of the job, seconds to live.
_CONFIRM: Final = """
if redis.call('HGET', KEYS[1], 'job') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'confirmed', '1')
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""

# KEYS: the claim. ARGV: id of the job.
_RELEASE: Final = """
if redis.call('HGET', KEYS[1], 'job') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Standing(StrEnum):
    """What became of a claim."""

    NEW = "new"  # the key was free: the caller goes on
    SAME = "same"  # the same request came before, and became a job that is still there
    PENDING = "pending"  # the same request is being accepted at this moment
    OTHER = "other"  # another request came with this key


@dataclass(frozen=True)
class Claim:
    """The answer to a claim, with the job that the key stands for."""

    standing: Standing
    job_id: str


class IdempotencyKeys:
    """The keys that callers sent with their requests; those of one owner mean nothing to another.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: "redis.Redis", ttl_s: int, prefix: str = "semalign") -> None:
        self._client = client
        self._ttl_s = ttl_s
        self._prefix = prefix

    def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        """Ask for a key on behalf of the job that a request is to become.

        Args:
            owner: Whose key it is.
            key: As the caller sent it.
            digest: Of everything that makes the request the same.
            job_id: What the job will be called if the key is free.
        """
        arguments: list[str | int] = [digest, job_id, f"{self._prefix}:job:", _UNCONFIRMED_TTL_S]
        standing, job = self._client.register_script(_CLAIM)(keys=[self._name(owner, key)], args=arguments)
        return Claim(Standing(standing), job)

    def confirm(self, owner: str, key: str, job_id: str) -> None:
        """Keep a claim: its job is queued."""
        self._client.register_script(_CONFIRM)(keys=[self._name(owner, key)], args=[job_id, self._ttl_s])

    def release(self, owner: str, key: str, job_id: str) -> None:
        """Give a claim back: its job was not accepted."""
        self._client.register_script(_RELEASE)(keys=[self._name(owner, key)], args=[job_id])

    def _name(self, owner: str, key: str) -> str:
        # Hashed, for it is the caller's text.
        return f"{self._prefix}:idempotency:{owner}:{hashlib.sha256(key.encode()).hexdigest()}"
