"""`Idempotency-Key`: a request that is sent again becomes no second job."""

import concurrent.futures
import copy
from typing import Any

import pytest


@pytest.fixture
def api(make_api: Any) -> Any:
    """Return an API with two callers."""
    return make_api("ann", "bob")


def _with(key: str, caller: Any) -> dict[str, str]:
    return {"Idempotency-Key": key, **caller.header}


def test_the_same_request_leads_to_the_same_job(api: Any, make_job: Any) -> None:
    """Also under other file names and another boundary; the answer says that it is a repeat."""
    upload = make_job()
    first = api.post(upload, headers=_with("k", api.keys["ann"]))
    upload.images = [("renamed.png", upload.images[0][1])]
    second = api.post(upload, headers=_with("k", api.keys["ann"]))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers["Location"] == second.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (None, "true")
    assert len(api.stored()) == 3


def test_another_request_under_the_same_key_is_refused(api: Any, make_job: Any) -> None:
    """Other bytes, or another queue: nothing of it is kept."""
    job_id = api.accepted(make_job(), headers=_with("k", api.keys["ann"]))
    for upload, parameters in ((make_job(seconds=0.5), {}), (make_job(), {"queue": "batch"})):
        response = api.post(upload, headers=_with("k", api.keys["ann"]), params=parameters)
        assert (response.status_code, response.json()["type"]) == (422, "idempotency-key-reused")
    assert {path.parts[-3] for path in api.stored()} == {job_id}


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(api: Any, make_job: Any) -> None:
    """Nobody gets at a job by guessing a key, or is kept from posting by somebody else's."""
    ids = {api.accepted(make_job(), headers=_with("k", caller)) for caller in api.keys.values()}
    assert len(ids) == 2


def test_requests_without_a_key_are_jobs_of_their_own(api: Any, make_job: Any) -> None:
    """The same body twice may be meant."""
    ids = {api.accepted(make_job(), headers=api.keys["ann"].header) for _ in range(2)}
    assert len(ids) == 2


def test_duplicates_at_the_same_time_become_one_job(api: Any, make_job: Any) -> None:
    """Of eight requests one makes the job, and all are told its id."""
    uploads = [copy.deepcopy(make_job()) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda each: api.accepted(each, headers=_with("k", api.keys["ann"])), uploads))
    assert len(ids) == 1
    assert len(api.stored()) == 3


def test_a_deleted_job_frees_its_key(api: Any, make_job: Any) -> None:
    """The next request is a new one."""
    headers = _with("k", api.keys["ann"])
    job_id = api.accepted(make_job(), headers=headers)
    assert api.http.delete(f"/jobs/{job_id}", headers=headers).status_code == 204
    assert api.accepted(make_job(), headers=headers) != job_id


def test_a_job_that_is_being_cancelled_frees_its_key(api: Any, make_job: Any) -> None:
    """It is gone once its attempt has stopped: whoever was led to it would lose an accepted job."""
    headers = _with("k", api.keys["ann"])
    job_id = api.accepted(make_job(), headers=headers)
    api.begin(job_id)
    assert api.http.delete(f"/jobs/{job_id}", headers=headers).status_code == 202
    assert api.accepted(make_job(), headers=headers) != job_id


def test_a_refused_request_does_not_use_its_key_up(api: Any, make_job: Any) -> None:
    """Once the storage is back, the same request is taken."""
    headers = _with("k", api.keys["ann"])
    folder = api.settings.data_dir / "blobs"
    folder.rmdir()
    folder.write_text("in the way")
    assert api.post(make_job(), headers=headers).json()["type"] == "storage-unavailable"
    folder.unlink()
    folder.mkdir()
    assert api.post(make_job(), headers=headers).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
def test_a_key_that_is_none_is_refused(api: Any, make_job: Any, key: str) -> None:
    """Before anything is read."""
    response = api.post(make_job(), headers=_with(key, api.keys["ann"]))
    assert (response.status_code, response.json()["type"]) == (422, "invalid-parameter")
