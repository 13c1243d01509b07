"""The application itself: what it loads, what it describes, and what it says when others are down."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.app import create_app
from worker.settings import Settings

Serve = Callable[[FastAPI], httpx.Client]
REFUSALS = {"400", "404", "409", "413", "415", "422", "503"}


def test_importing_the_app_loads_no_torch() -> None:
    """Nor scipy, nor anything that computes: the API stays small."""
    script = "import sys, service.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    loaded = set(output.split())
    assert {"service", "worker", "numpy"} <= loaded
    assert not loaded & {"torch", "scipy", "numba", "models", "matplotlib"}


@pytest.fixture
def lonely(tmp_path: Path, serve: Serve) -> httpx.Client:
    """Return a client of an app whose broker is down."""
    return serve(create_app(Settings(data_dir=tmp_path, broker_url=f"unix://{tmp_path}/nowhere.sock")))


def test_a_broker_that_is_down_is_said_at_once_and_nothing_stays(
    lonely: httpx.Client, make_job: Any, tmp_path: Path
) -> None:
    """503 with a hint when to come back, and no orphan in the storage."""
    response = lonely.post("/calibrate", files=make_job().parts)
    assert (response.status_code, response.json()["type"]) == (503, "broker-unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert lonely.get(f"/jobs/{'0' * 32}").json()["type"] == "broker-unavailable"


def test_a_broker_that_takes_calls_but_never_answers_is_given_up(serve: Serve, make_job: Any, tmp_path: Path) -> None:
    """503 after one question that was not answered in time: callers wait for one timeout, and nothing stays."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        api = serve(create_app(Settings(data_dir=tmp_path, broker_url=url)))
        response = api.post("/calibrate", files=make_job().parts)
        mute.setblocking(False)
        mute.accept()
        with pytest.raises(BlockingIOError):
            mute.accept()
    assert Settings(data_dir=tmp_path).broker_timeout_s < 2
    assert (response.status_code, response.json()["type"]) == (503, "broker-unavailable")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_storage_that_is_down_is_said_at_once_and_no_record_stays(
    make_job: Any, tmp_path: Path, broker_settings: Settings, client: Any, serve: Serve
) -> None:
    """503, and the broker holds nothing of the job."""
    api = serve(create_app(Settings(data_dir=tmp_path, broker_url=broker_settings.resolved_broker_url)))
    (tmp_path / "blobs").rmdir()
    (tmp_path / "blobs").write_text("in the way")
    response = api.post("/calibrate", files=make_job().parts)
    assert (response.status_code, response.json()["type"]) == (503, "storage-unavailable")
    assert client.keys() == []
    assert api.get("/readyz").json()["checks"] == {"broker": "ok", "storage": "unavailable"}


def test_health_and_readiness_are_two_questions(lonely: httpx.Client) -> None:
    """The process lives, but cannot take jobs."""
    assert lonely.get("/healthz").json() == {"status": "ok"}
    response = lonely.get("/readyz")
    assert (response.status_code, response.json()["type"]) == (503, "not-ready")
    assert response.json()["checks"] == {"broker": "unavailable", "storage": "ok"}


def test_an_address_with_a_slash_too_many_is_none(lonely: httpx.Client) -> None:
    """No answer names a host, as a redirection would; behind a proxy that would be the wrong one."""
    for response in (lonely.get("/jobs/"), lonely.post("/calibrate/")):
        assert (response.status_code, response.json()["type"]) == (404, "not-found")


def test_an_unexpected_error_does_not_tell_its_cause(tmp_path: Path, serve: Serve) -> None:
    """500 as a problem; the text of the exception stays in the log."""
    app: FastAPI = create_app(Settings(data_dir=tmp_path, broker_url="redis://127.0.0.1:9"))

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    response = serve(app).get("/broken", headers={"X-Request-ID": "mine"})
    assert response.headers["X-Request-ID"] == "mine"
    assert (response.status_code, response.json()["type"]) == (500, "internal-error")
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text


def test_openapi_describes_request_and_refusals() -> None:
    """The schema of the JSON part with its example, and every refusal as a problem."""
    description = create_app().openapi()
    body = description["paths"]["/calibrate"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(body["schema"]["required"]) == {"image", "point_cloud", "request"}
    request = description["components"]["schemas"]["CalibrationRequest"]
    assert {"camera", "initial", "prior", "seed"} <= set(request["properties"])
    assert request["examples"]
    for path, methods in description["paths"].items():
        for method, endpoint in methods.items():
            refusals = {status: each for status, each in endpoint["responses"].items() if status in REFUSALS}
            assert all("application/problem+json" in each["content"] for each in refusals.values()), (path, method)


def test_openapi_refers_to_nothing_that_is_not_there() -> None:
    """Every $ref resolves."""
    description = create_app().openapi()
    schemas = description["components"]["schemas"]

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    missing = {each for each in references(description) if each.removeprefix("#/components/schemas/") not in schemas}
    assert missing == set()
