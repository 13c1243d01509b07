"""`GET /metrics`: what the API counts, for whom, and when the broker is away."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.access.keys import new_key, write_keys
from service.app import create_app
from worker.settings import Settings


def samples(answer: httpx.Response) -> dict[tuple[str, ...], float]:
    """Return the numbers by their name and the values of their labels."""
    families = text_string_to_metric_families(answer.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.fixture
def http(serve: Any, broker_settings: Settings, jobs: Any) -> httpx.Client:
    """Return a client of an API whose broker is empty."""
    # Where many tests share few cores, an answer of the broker may take longer than callers would wait.
    client: httpx.Client = serve(create_app(broker_settings.model_copy(update={"broker_timeout_s": 20})))
    return client


def test_queues_and_process_are_told(http: httpx.Client) -> None:
    """Both queues are there when they are empty, so that an alert can look at them."""
    numbers = samples(http.get("/metrics"))
    assert numbers["semalign_broker_up",] == 1
    assert numbers["semalign_queue_depth", "interactive"] == numbers["semalign_queue_depth", "batch"] == 0
    assert numbers["semalign_jobs_running",] == 0
    assert numbers["process_resident_memory_bytes",] > 0


def test_requests_are_counted_by_pattern(http: httpx.Client) -> None:
    """Callers make up no new series, whatever addresses and methods they ask for."""
    for job in ("a" * 32, "b" * 32):
        http.get(f"/jobs/{job}")
    http.get("/made/up")
    http.request("BREW", "/healthz")
    counted = {
        labels[1:]: value
        for labels, value in samples(http.get("/metrics")).items()
        if labels[0] == "semalign_http_request_seconds_count"
    }
    assert counted["GET", "/jobs/{job_id}", "404"] == 2
    assert counted["GET", "none", "404"] == 1
    assert {method for method, *_ in counted} <= {"GET", "other"}


def test_a_broker_that_is_away_is_a_number(serve: Any, tmp_path: Path) -> None:
    """The metrics answer in an outage: that is when they are looked at."""
    answer = serve(create_app(Settings(data_dir=tmp_path, broker_url=""))).get("/metrics")
    assert answer.status_code == 200
    assert samples(answer)["semalign_broker_up",] == 0
    assert not [name for name, *_ in samples(answer) if name == "semalign_queue_depth"]


def test_only_holders_of_keys_read_them_where_keys_are_asked_for(
    serve: Any, broker_settings: Settings, tmp_path: Path
) -> None:
    """How busy a service is, is nobody else's business."""
    key, kept = new_key("prometheus")
    write_keys(tmp_path / "keys.json", (kept,))
    http = serve(create_app(broker_settings.model_copy(update={"keys_file": tmp_path / "keys.json"})))
    assert http.get("/metrics").status_code == 401
    assert http.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
