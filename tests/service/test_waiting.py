"""Waiting for a job without asking again and again: `Prefer: wait`, events, and the list of one's jobs."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from service.access.keys import write_keys


@pytest.fixture
def api(make_api: Any) -> Any:
    """Return an API without keys that is quick to send heartbeats."""
    return make_api(heartbeat_s=0.2, max_wait_s=30)


class Events:
    """An open event stream, read as a client reads it."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[dict[str, str]]:
        event: dict[str, str] = {}
        for line in self._lines:
            if line:
                field, _, value = line.partition(":")
                event[field or "comment"] = value.strip()
            elif event:
                yield event
                event = {}

    def next_of(self, kind: str) -> dict[str, Any]:
        """Return the next event of a kind, with its data parsed."""
        found = next(event for event in self if event.get("event") == kind)
        return {"event_id": found.get("id"), **json.loads(found["data"])}


@contextlib.contextmanager
def _stream(api: Any, job_id: str, last_id: str = "") -> Iterator[Events]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with api.http.stream("GET", f"/jobs/{job_id}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Events(response)


def test_events_tell_place_stage_progress_and_loss_until_the_end(api: Any, make_job: Any) -> None:
    """Each change once, then the end, and nothing after it."""
    before, job_id = api.accepted(make_job()), api.accepted(make_job())
    with _stream(api, job_id) as events:
        assert (queued := events.next_of("progress"))["state"] == "queued"
        assert (queued["queue"], queued["queue_position"]) == ("interactive", 1)
        api.end(before)
        assert events.next_of("progress")["queue_position"] == 0
        token = api.begin(job_id)
        assert events.next_of("progress")["state"] == "running"
        api.jobs.progress(job_id, token, "refinement", 0.5, 12.5)
        report = events.next_of("progress")
        assert (report["stage"], report["progress"], report["loss"]) == ("refinement", 0.5, 12.5)
        api.jobs.finish(job_id, token, "succeeded", artifacts=False)
        assert events.next_of("end")["state"] == "succeeded"
        assert list(events) == []


def test_a_silent_stream_shows_that_it_lives(api: Any, make_job: Any) -> None:
    """By comments, which clients skip."""
    job_id = api.accepted(make_job())
    with _stream(api, job_id) as events:
        assert any("comment" in event for event in events)


def test_a_client_that_comes_again_goes_on_where_it_was(api: Any, make_job: Any) -> None:
    """What it has is not sent again, and after the end there is nothing more."""
    job_id = api.accepted(make_job())
    with _stream(api, job_id) as events:
        last_id = events.next_of("progress")["event_id"]
    api.end(job_id)
    with _stream(api, job_id, last_id) as events:
        everything = [event for event in events if "event" in event]
    assert [event["event"] for event in everything] == ["end"]
    again = api.http.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": everything[0]["id"]})
    assert (again.status_code, again.content) == (204, b"")


def test_a_revoked_key_ends_its_streams(make_api: Any, make_job: Any) -> None:
    """At once, and not after minutes: whoever holds it is told nothing more."""
    api = make_api("ann")
    header = api.keys["ann"].header
    job_id = api.accepted(make_job(), headers=header)
    with api.http.stream("GET", f"/jobs/{job_id}/events", headers=header) as response:
        events = Events(response)
        assert events.next_of("progress")["state"] == "queued"
        write_keys(api.settings.keys_file, ())
        api.begin(job_id)
        assert all("event" not in event for event in events)
    assert api.http.get(f"/jobs/{job_id}/events", headers=header).status_code == 401


def test_a_deleted_job_ends_its_streams(api: Any, make_job: Any) -> None:
    """The client hears that there is nothing to come."""
    job_id = api.accepted(make_job())
    with _stream(api, job_id) as events:
        events.next_of("progress")
        assert httpx.delete(f"{api.http.base_url}/jobs/{job_id}").status_code == 204
        # It is marked as cancelled while its bytes go.
        last = next(event for event in events if event.get("event") in ("gone", "end"))
        assert json.loads(last["data"])["id"] == job_id
        assert not [event for event in events if "event" in event]


def test_streams_are_bounded_and_polling_still_works(make_api: Any, make_job: Any) -> None:
    """One stream takes the only seat, and gives it back."""
    api = make_api(max_streams=1)
    job_id = api.accepted(make_job())
    with _stream(api, job_id) as events:
        events.next_of("progress")
        response = httpx.get(f"{api.http.base_url}/jobs/{job_id}/events")
        assert (response.status_code, response.json()["type"]) == (503, "too-many-streams")
        assert int(response.headers["Retry-After"]) > 0
        # Without a seat the wish to wait is not granted, which is what keeps this from taking half a minute.
        assert httpx.get(f"{api.http.base_url}/jobs/{job_id}", headers={"Prefer": "wait=30"}).status_code == 200
        api.end(job_id)
        assert [event["event"] for event in events if "event" in event] == ["end"]
    with _stream(api, job_id) as events:
        assert events.next_of("end")["state"] == "succeeded"


def test_a_stream_ends_where_the_broker_is_away(api: Any, make_job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In good order: the client comes again with the id of its last event."""
    with _stream(api, api.accepted(make_job())) as events:
        events.next_of("progress")

        def away(*_: Any) -> None:
            raise redis.exceptions.ConnectionError

        monkeypatch.setattr("redis.client.Pipeline.execute", away)
        assert [event["event"] for event in events if "event" in event] == []


def test_a_stream_ends_after_its_time(make_api: Any, make_job: Any) -> None:
    """The client comes again by itself."""
    api = make_api(max_stream_s=0.5)
    with _stream(api, api.accepted(make_job())) as events:
        assert [event["event"] for event in events if "event" in event] == ["progress"]


def test_a_preferred_wait_holds_the_answer_until_the_end(api: Any, make_job: Any) -> None:
    """The job ends while the request waits."""
    job_id = api.accepted(make_job())
    ending = threading.Timer(0.5, api.end, [job_id])
    ending.start()
    response = api.http.get(f"/jobs/{job_id}", headers={"Prefer": "respond-async, wait=25"})
    ending.join()
    assert (response.status_code, response.json()["state"]) == (200, "succeeded")
    assert response.headers["Preference-Applied"] == "wait=25"
    assert "Retry-After" not in response.headers


def test_a_preferred_wait_ends_in_time(api: Any, make_job: Any) -> None:
    """The job is still there, and the answer says when to ask again."""
    job_id = api.accepted(make_job())
    response = api.http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=1"})
    assert (response.json()["state"], response.headers["Retry-After"]) == ("queued", "1")


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=99999", "wait=1"), ("wait=" + "9" * 5000, "wait=1"), ("wait=x", None), ("handling=lenient", None)],
)
def test_a_wait_is_bounded_and_other_preferences_are_passed_over(
    make_api: Any, make_job: Any, prefer: str, applied: str | None
) -> None:
    """As RFC 7240 has it."""
    api = make_api(max_wait_s=1)
    response = api.http.get(f"/jobs/{api.accepted(make_job())}", headers={"Prefer": prefer})
    assert (response.status_code, response.headers.get("Preference-Applied")) == (200, applied)


def test_posting_may_wait_for_the_result(stack: Any, make_job: Any) -> None:
    """200 with the result where it came in time, 202 where it did not."""
    response = stack.http.post("/calibrate", files=make_job().parts, headers={"Prefer": "wait=20"})
    assert (response.status_code, response.json()["state"]) == (200, "succeeded")
    assert response.json()["result"]["outcome"] == "converged"
    assert response.headers["Location"] == response.json()["links"]["self"]
    response = stack.http.post("/calibrate", files=make_job(seconds=2.5).parts, headers={"Prefer": "wait=1"})
    assert response.status_code == 202
    stack.wait_for_end(response.json()["id"])


@pytest.mark.parametrize("posts", [True, False], ids=["POST", "GET"])
def test_nobody_waits_for_a_caller_who_hung_up(make_api: Any, make_job: Any, posts: bool) -> None:
    """The only seat is free again long before the wait would be over."""
    api = make_api(max_streams=1, max_wait_s=60)
    job_id = api.accepted(make_job())
    with contextlib.suppress(httpx.ReadTimeout):
        options = {"headers": {"Prefer": "wait=60"}, "timeout": 1}
        address = f"{api.http.base_url}/jobs/{job_id}"
        if posts:
            httpx.post(f"{api.http.base_url}/calibrate", files=make_job().parts, **options)
        else:
            httpx.get(address, **options)
    deadline = time.monotonic() + 20
    while True:
        with api.http.stream("GET", f"/jobs/{job_id}/events") as response:
            if response.status_code == 200:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_polling_says_when_to_ask_again(make_api: Any, make_job: Any) -> None:
    """As long as the job has not ended."""
    api = make_api(retry_after_s=7)
    job_id = api.accepted(make_job())
    assert api.http.get(f"/jobs/{job_id}").headers["Retry-After"] == "7"
    api.end(job_id)
    assert "Retry-After" not in api.http.get(f"/jobs/{job_id}").headers


def test_ones_jobs_are_listed_page_by_page(api: Any, make_job: Any) -> None:
    """Newest first, with an address for the next page until the end."""
    job_ids = [api.accepted(make_job(), params={"queue": queue}) for queue in ("interactive", "batch", "interactive")]
    page = api.http.get("/jobs", params={"limit": 2}).json()
    assert [job["id"] for job in page["jobs"]] == job_ids[:0:-1]
    assert [job["queue"] for job in page["jobs"]] == ["interactive", "batch"]
    last = api.http.get(page["next"]).json()
    assert ([job["id"] for job in last["jobs"]], last["next"]) == ([job_ids[0]], None)
    assert last["jobs"][0]["links"]["self"] == f"/jobs/{job_ids[0]}"
    api.http.delete(f"/jobs/{job_ids[0]}")
    assert job_ids[0] not in api.http.get("/jobs").text
