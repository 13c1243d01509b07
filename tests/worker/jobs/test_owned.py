"""The jobs of each owner: counted while unfinished, listed newest first."""

from typing import Any

import pytest

from worker.jobs.owned import OwnedJobs


@pytest.fixture
def owned(client: Any) -> OwnedJobs:
    """Return the owners' jobs of an empty broker."""
    return OwnedJobs(client)


def _record(client: Any, job_id: str, state: str) -> None:
    client.hset(f"semalign:job:{job_id}", "state", state)


def test_unfinished_jobs_are_bounded_for_each_owner(owned: OwnedJobs, client: Any) -> None:
    """Waiting and running ones count, and others' do not."""
    for job_id, state in (("a", "queued"), ("b", "running")):
        assert owned.admit("ann", job_id, 2)
        _record(client, job_id, state)
    assert not owned.admit("ann", "c", 2)
    assert owned.admit("bob", "c", 2)
    assert owned.admit("ann", "d", None)


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_ended_counts_no_more(owned: OwnedJobs, client: Any, state: str) -> None:
    """Although nobody said so here."""
    assert owned.admit("ann", "a", 1)
    _record(client, "a", state)
    assert owned.admit("ann", "b", 1)


def test_a_job_on_its_way_counts_before_its_record_is_there(owned: OwnedJobs, client: Any) -> None:
    """Two requests at once cannot both be the last one; a record that never came is forgotten."""
    assert owned.admit("ann", "a", 1)
    assert not owned.admit("ann", "b", 1)
    client.zincrby("semalign:owner:ann:open", -61_000_000, "a")
    assert owned.admit("ann", "b", 1)


def test_a_job_that_was_not_created_is_forgotten(owned: OwnedJobs) -> None:
    """It neither counts nor is listed."""
    owned.admit("ann", "a", 1)
    owned.forget("ann", "a")
    assert owned.page("ann", 10).ids == ()
    assert owned.admit("ann", "b", 1)


def test_pages_follow_each_other_from_the_newest_on(owned: OwnedJobs, client: Any) -> None:
    """Without gaps or repeats, and the last one says so."""
    for job_id in "abcde":
        _record(client, job_id, "queued")
        owned.admit("ann", job_id, None)
    first = owned.page("ann", 2)
    second = owned.page("ann", 2, first.next)
    third = owned.page("ann", 2, second.next)
    assert [first.ids, second.ids, third.ids] == [("e", "d"), ("c", "b"), ("a",)]
    assert third.next is None
    assert owned.page("bob", 2).ids == ()


def test_the_list_does_not_grow_with_jobs_that_expired(owned: OwnedJobs, client: Any) -> None:
    """Each new job clears away up to two whose records are gone."""
    for number in range(50):
        owned.admit("ann", str(number), None)
        client.zincrby("semalign:owner:ann:jobs", -61_000_000, str(number))
        if number >= 48:
            _record(client, str(number), "queued")
    assert client.zcard("semalign:owner:ann:jobs") <= 4


def test_jobs_that_come_at_once_are_all_listed(owned: OwnedJobs, client: Any) -> None:
    """None is taken for expired because the records of the first ones are yet to be written when the last one comes."""
    for job_id in "abcd":
        owned.admit("ann", job_id, None)
    for job_id in "abcd":
        _record(client, job_id, "queued")
    assert owned.page("ann", 10).ids == ("d", "c", "b", "a")
