"""Idempotency keys in the broker."""

from typing import Any

import pytest

from worker.jobs.idempotency import Claim, IdempotencyKeys, Standing


@pytest.fixture
def keys(client: Any) -> IdempotencyKeys:
    """Return the keys of an empty broker."""
    return IdempotencyKeys(client, ttl_s=1000)


def test_a_claim_is_pending_until_it_is_confirmed(keys: IdempotencyKeys, client: Any) -> None:
    """Then it stands for its job, as long as there is one."""
    assert keys.claim("ann", "k", "d", "one") == Claim(Standing.NEW, "one")
    assert keys.claim("ann", "k", "d", "two") == Claim(Standing.PENDING, "one")
    client.hset("semalign:job:one", "state", "queued")
    keys.confirm("ann", "k", "one")
    assert keys.claim("ann", "k", "d", "two") == Claim(Standing.SAME, "one")
    assert keys.claim("ann", "k", "other", "two") == Claim(Standing.OTHER, "one")
    client.delete("semalign:job:one")
    assert keys.claim("ann", "k", "other", "two") == Claim(Standing.NEW, "two")


def test_a_claim_that_nobody_confirms_goes_by_itself(keys: IdempotencyKeys, client: Any) -> None:
    """The process that made it may have died; a confirmed one is kept for longer."""
    keys.claim("ann", "k", "d", "one")
    (name,) = client.keys("semalign:idempotency:*")
    assert 0 < client.ttl(name) <= 300
    keys.confirm("ann", "k", "one")
    assert 300 < client.ttl(name) <= 1000


def test_only_the_owner_of_a_claim_gives_it_back(keys: IdempotencyKeys) -> None:
    """A late failure of another request changes nothing."""
    keys.claim("ann", "k", "d", "one")
    keys.release("ann", "k", "two")
    keys.confirm("ann", "k", "two")
    assert keys.claim("ann", "k", "d", "two").standing is Standing.PENDING
    keys.release("ann", "k", "one")
    assert keys.claim("ann", "k", "d", "two").standing is Standing.NEW


def test_the_text_of_a_key_is_not_part_of_a_name(keys: IdempotencyKeys, client: Any) -> None:
    """Whatever a caller wrote, it collides with nothing."""
    keys.claim("ann", "x:bob:*\n", "d", "one")
    (name,) = client.keys("semalign:idempotency:*")
    assert name.startswith("semalign:idempotency:ann:")
    assert len(name.rpartition(":")[2]) == 64
