"""The API over an object store that goes away and comes back: a real S3 server."""

from typing import Any

import pytest


@pytest.fixture
def api(make_api: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an API that keeps its blobs in the bucket of a running server."""
    for variable, value in s3.environment.items():
        monkeypatch.setenv(variable, value)
    return make_api(storage_url="s3://bucket/api", storage_answer_s=20)


def test_an_outage_refuses_jobs_and_leaves_nothing_behind(api: Any, s3: Any, make_job: Any, client: Any) -> None:
    """While the store is away posting is answered 503 with what to do, and no record waits for inputs."""
    s3.stop()
    refused = api.post(make_job())
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("storage-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert api.http.get("/readyz").json()["checks"] == {"broker": "ok", "storage": "unavailable"}
    assert not client.keys("semalign:job:*")
    s3.start()
    job_id = api.accepted(make_job())
    assert [path.name for path in (s3.folder / "bucket" / "api" / "jobs" / job_id).iterdir()] == ["inputs"]


def test_the_cause_of_an_outage_is_logged(api: Any, s3: Any, make_job: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The caller hears that the storage is away, the operator what it said, under the id of the request."""
    s3.stop()
    request_id = api.post(make_job()).headers["X-Request-ID"]
    (line,) = [record.msg for record in caplog.records if "outage" in str(record.msg)]
    assert isinstance(line, dict)
    assert (line["request_id"], line["problem"]) == (request_id, "storage-unavailable")
    assert line["cause"].startswith("Generic S3 error")
    assert "\n" not in line["cause"]
    s3.start()


def test_deleting_a_job_leaves_no_object(api: Any, s3: Any, make_job: Any) -> None:
    """Not one byte of what was sent."""
    job_id = api.accepted(make_job())
    assert [path for path in s3.folder.rglob("*") if path.is_file()]
    assert api.http.delete(f"/jobs/{job_id}").status_code == 204
    assert not [path for path in s3.folder.rglob("*") if path.is_file()]


def test_a_job_that_an_outage_kept_from_being_deleted_can_be_deleted_after_it(api: Any, s3: Any, make_job: Any) -> None:
    """Waiting or ended: 503 while the store is away, and the job is still its caller's to delete."""
    waiting, ended = api.accepted(make_job()), api.accepted(make_job())
    api.end(ended)
    s3.stop()
    for job_id in (waiting, ended):
        assert api.http.delete(f"/jobs/{job_id}").status_code == 503
        assert api.http.get(f"/jobs/{job_id}").json()["state"] == "cancelled"
    s3.start()
    for job_id in (waiting, ended):
        assert api.http.delete(f"/jobs/{job_id}").status_code == 204
        assert api.http.get(f"/jobs/{job_id}").status_code == 404
    assert not [path for path in s3.folder.rglob("*") if path.is_file()]
