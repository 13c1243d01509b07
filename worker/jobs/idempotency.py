"""Idempotency keys: a request that is sent again leads to the job of the first one.

A key is taken in the step that writes the record of its job, `create`: there is never one without the other, whatever
dies in between. It stands for its job as long as there is one.
"""

import hashlib
from dataclasses import dataclass
from typing import cast

import redis


@dataclass(frozen=True)
class Claim:
    """What a new job takes for its request.

    Attributes:
        name: Where the broker keeps the id of the job that the key stands for.
        ttl_s: Seconds over which it is kept.
    """

    name: str
    ttl_s: int


class IdempotencyKeys:
    """The keys that callers sent with their requests; those of one owner mean nothing to another."""

    def __init__(self, client: "redis.Redis", ttl_s: int, prefix: str = "semalign") -> None:
        self._client = client
        self._ttl_s = ttl_s
        self._prefix = prefix

    def claim(self, owner: str, key: str) -> Claim:
        """Return what the job of a request takes; nothing is sent.

        Args:
            owner: Whose key it is.
            key: As the caller sent it.
        """
        # Hashed, for it is the caller's text.
        digest = hashlib.sha256(key.encode()).hexdigest()
        return Claim(f"{self._prefix}:request:{owner}:{digest}", self._ttl_s)

    def job_of(self, claim: Claim) -> str | None:
        """Return the id of the job that a key stands for, which may be gone by now, or None.

        Raises:
            redis.exceptions.RedisError: The broker does not answer.
        """
        return cast("str | None", self._client.get(claim.name))
