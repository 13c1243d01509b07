"""Idempotency keys in the broker."""

from typing import Any

import pytest

from worker.jobs.idempotency import IdempotencyKeys
from worker.jobs.record import JobInputs
from worker.jobs.store import JobStore
from worker.jobs.transitions import Verdict

INPUTS = JobInputs("request", ())


@pytest.fixture
def keys(client: Any) -> IdempotencyKeys:
    """Return the keys of an empty broker."""
    return IdempotencyKeys(client, ttl_s=1000)


def test_a_key_is_taken_with_the_record_of_its_job(keys: IdempotencyKeys, jobs: JobStore, client: Any) -> None:
    """In one step, and for as long as keys are kept from the start: nothing has to be confirmed."""
    claim = keys.claim("ann", "k")
    assert keys.job_of(claim) is None
    assert jobs.create("one", INPUTS, claim=claim) is Verdict.OK
    assert keys.job_of(claim) == "one"
    assert 990 < client.ttl(claim.name) <= 1000


def test_of_two_jobs_with_one_key_there_is_the_first(keys: IdempotencyKeys, jobs: JobStore) -> None:
    """The second leaves nothing; another owner's key of the same text is another key."""
    assert jobs.create("one", INPUTS, claim=keys.claim("ann", "k")) is Verdict.OK
    assert jobs.create("two", INPUTS, claim=keys.claim("ann", "k")) is Verdict.REPEATED
    assert jobs.create("three", INPUTS, claim=keys.claim("bob", "k")) is Verdict.OK
    assert jobs.get("two") is None
    assert keys.job_of(keys.claim("ann", "k")) == "one"


@pytest.mark.parametrize("end", ["removed", "cancelled"])
def test_a_job_that_is_gone_or_going_frees_its_key(keys: IdempotencyKeys, jobs: JobStore, end: str) -> None:
    """A cancelled one goes once its attempt has stopped: nobody is to be led to it any more."""
    claim = keys.claim("ann", "k")
    jobs.create("one", INPUTS, claim=claim)
    if end == "removed":
        jobs.remove("one")
    else:
        jobs.begin("one", "worker", 60)
        jobs.cancel("one")
    assert jobs.create("two", INPUTS, claim=claim) is Verdict.OK
    assert keys.job_of(claim) == "two"


def test_the_text_of_a_key_is_not_part_of_a_name(keys: IdempotencyKeys) -> None:
    """Whatever a caller wrote, it collides with nothing."""
    name = keys.claim("ann", "x:bob:*\n").name
    assert name.startswith("semalign:request:ann:")
    assert len(name.rpartition(":")[2]) == 64
