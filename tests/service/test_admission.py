"""What a caller may do: rates, quotas, full queues; and that refusals come before the work."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from service.access.keys import new_key, write_keys


def _as(api: Any, name: str) -> dict[str, Any]:
    return {"headers": api.keys[name].header}


def test_a_key_posts_no_more_often_than_it_may(make_api: Any, make_job: Any) -> None:
    """429 with the time to wait; reading is free, and other keys are not held up."""
    api = make_api("ann", "bob", rate_per_key="2/hour")
    job_id = api.accepted(make_job(), **_as(api, "ann"))
    api.accepted(make_job(), **_as(api, "ann"))
    refused = api.post(make_job(), **_as(api, "ann"))
    assert (refused.status_code, refused.json()["type"]) == (429, "rate-limited")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert api.http.get(f"/jobs/{job_id}", **_as(api, "ann")).status_code == 200
    api.accepted(make_job(), **_as(api, "bob"))


def test_rates_are_counted_over_all_servers(make_api: Any, make_job: Any) -> None:
    """A second API process on the same broker knows what the first has counted."""
    first = make_api("ann", rate_per_key="1/hour")
    first.accepted(make_job(), **_as(first, "ann"))
    second = make_api(rate_per_key="1/hour", keys_file=first.settings.keys_file)
    assert second.post(make_job(), **_as(first, "ann")).json()["type"] == "rate-limited"


def test_a_key_has_no_more_unfinished_jobs_than_it_may(make_api: Any, make_job: Any) -> None:
    """429; the next one is taken once a job has ended or was deleted, and nothing of the refused one stays."""
    api = make_api("ann", "bob", open_jobs_per_key=2)
    ending, deleted = (api.accepted(make_job(), **_as(api, "ann")) for _ in range(2))
    refused = api.post(make_job(), **_as(api, "ann"))
    assert (refused.status_code, refused.json()["type"]) == (429, "quota-exceeded")
    assert int(refused.headers["Retry-After"]) > 0
    assert {path.parts[-3] for path in api.stored()} == {ending, deleted}
    assert len(api.http.get("/jobs", **_as(api, "ann")).json()["jobs"]) == 2
    api.accepted(make_job(), **_as(api, "bob"))
    api.end(ending)
    api.accepted(make_job(), **_as(api, "ann"))
    api.http.delete(f"/jobs/{deleted}", **_as(api, "ann"))
    api.accepted(make_job(), **_as(api, "ann"))


def test_a_key_may_have_bounds_of_its_own(make_api: Any, make_job: Any, tmp_path: Path) -> None:
    """In place of the server's."""
    file = tmp_path / "own.json"
    text, kept = new_key("ann", open_jobs=1, rate="2/hour")
    write_keys(file, (kept,))
    api = make_api(keys_file=file)
    headers = {"X-API-Key": text}
    api.accepted(make_job(), headers=headers)
    assert [api.post(make_job(), headers=headers).json()["type"] for _ in range(2)] == [
        "quota-exceeded",
        "rate-limited",
    ]


def test_a_full_queue_takes_no_more(make_api: Any, make_job: Any) -> None:
    """503 with the time to wait; the other queue has room of its own."""
    api = make_api(max_queued_jobs=2)
    for _ in range(2):
        api.accepted(make_job())
    refused = api.post(make_job())
    assert (refused.status_code, refused.json()["type"]) == (503, "queue-full")
    assert int(refused.headers["Retry-After"]) > 0
    api.accepted(make_job(), params={"queue": "batch"})
    api.begin(api.http.get("/jobs").json()["jobs"][-1]["id"])
    api.accepted(make_job())


def test_a_broker_that_is_nearly_full_takes_no_more(make_api: Any, make_job: Any, client: Any) -> None:
    """503 before it is full, so that the jobs it has can be worked on, deleted and forgotten; it then takes more."""
    api = make_api()
    job_id = api.accepted(make_job())
    used = client.info("memory")["used_memory"]
    try:
        client.config_set("maxmemory", round(used * 1.05))
        refused = api.post(make_job())
        assert (refused.status_code, refused.json()["type"]) == (503, "queue-full")
        assert "memory" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        api.end(job_id)
        assert api.http.delete(f"/jobs/{job_id}").status_code == 204
        client.config_set("maxmemory", used * 2)
        api.accepted(make_job())
    finally:
        client.config_set("maxmemory", 0)


@pytest.mark.parametrize("spoil", ["key", "queue"])
def test_who_is_not_let_in_is_told_before_the_body_is_read(make_api: Any, make_job: Any, spoil: str) -> None:
    """A body that is no multipart at all is not looked at."""
    api = make_api("ann", max_queued_jobs=1)
    api.accepted(make_job(), **_as(api, "ann"))
    headers = {} if spoil == "key" else api.keys["ann"].header
    response = api.http.post("/calibrate", content=b"nonsense", headers=headers)
    assert response.json()["type"] == {"key": "unauthorized", "queue": "queue-full"}[spoil]


def test_an_upload_leaves_nothing_on_the_servers_disk(
    make_api: Any, make_job: Any, monkeypatch, tmp_path: Path
) -> None:
    """Accepted or refused: the folder it was received in is gone."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.gettempdir())  # the broker stays where it is
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    api = make_api()
    api.accepted(make_job())
    broken = make_job()
    broken.images = [("image.png", b"no image" * 100_000)]
    assert api.post(broken).status_code == 415
    (spool,) = tmp_path.glob("semalign-uploads-*")
    assert list(spool.iterdir()) == []


def test_keys_that_cannot_be_read_are_an_outage(make_api: Any, make_job: Any) -> None:
    """503 and not ready, for callers are not at fault; nobody is let in, and all are again once the file is back."""
    api = make_api("ann")
    keys = api.settings.keys_file.read_text()
    api.settings.keys_file.write_text("{")
    refused = api.post(make_job(), **_as(api, "ann"))
    assert (refused.status_code, refused.json()["type"]) == (503, "keys-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    ready = api.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["keys"]) == (503, "unavailable")
    api.settings.keys_file.write_text(keys)
    api.accepted(make_job(), **_as(api, "ann"))
    assert api.http.get("/readyz").json()["checks"] == {"broker": "ok", "storage": "ok", "keys": "ok"}
