"""OWASP API Security Top 10 (2023), one test for each risk that this service can have.

API7, server-side request forgery, has no place to happen: no field of a request is an address that anyone opens.
API10, unsafe consumption of APIs, concerns the workers' downloads of networks, which are pinned by digest.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.celery_app import create_celery_app
from worker.settings import Settings

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def api(make_api: Any) -> Any:
    """Return an API with two callers."""
    return make_api("ann", "bob")


OPEN = {"/healthz", "/readyz", "/version"}


def _endpoints(api: Any) -> Iterator[tuple[str, str]]:
    """Yield method and address of all there is but for what is open to everybody, as the description lists it."""
    for address, methods in api.http.get("/openapi.json").json()["paths"].items():
        if address not in OPEN:
            for method in methods:
                yield method.upper(), address


def test_api1_broken_object_level_authorization(api: Any, make_job: Any) -> None:
    """Somebody else's job looks exactly like none, at every address, and survives the attempt."""
    job_id = api.accepted(make_job(), headers=api.keys["ann"].header)
    tried = 0
    for method, address in _endpoints(api):
        if "{job_id}" in address:
            theirs, nobodys = (
                api.http.request(
                    method, address.format(job_id=each, name="image-0", rig_id="van"), headers=api.keys["bob"].header
                )
                for each in (job_id, "0" * 32)
            )
            assert (theirs.status_code, theirs.content) == (404, nobodys.content), (method, address)
            assert theirs.json()["type"] == "unknown-job"
            tried += 1
    assert tried >= 4
    assert api.http.get("/jobs", headers=api.keys["bob"].header).json()["jobs"] == []
    assert api.http.get(f"/jobs/{job_id}", headers=api.keys["ann"].header).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer semalign_000000000000_" + "A" * 43},
        {"Authorization": "Basic YW5uOmFubg=="},
        {"X-API-Key": ""},
        {"X-API-Key": "' OR 1=1 --"},
    ],
)
def test_api2_broken_authentication(api: Any, make_job: Any, headers: dict[str, str]) -> None:
    """Without a key of this server nothing is answered but that one is needed."""
    job_id = api.accepted(make_job(), headers=api.keys["ann"].header)
    for method, address in _endpoints(api):
        response = api.http.request(
            method, address.format(job_id=job_id, name="image-0", rig_id="van"), headers=headers
        )
        assert (response.status_code, response.json()["type"]) == (401, "unauthorized"), (method, address)
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_api3_broken_object_property_level_authorization(api: Any, make_job: Any) -> None:
    """No field of a request sets what is the server's, and no answer shows what is internal."""
    for field in ("owner", "id", "state", "result"):
        assert api.post(make_job(**{field: "x"}), headers=api.keys["ann"].header).json()["type"] == "unknown-field"
    job_id = api.accepted(make_job(), headers=api.keys["ann"].header)
    shown = api.http.get(f"/jobs/{job_id}", headers=api.keys["ann"].header).text
    assert not set(json.loads(shown)) & {
        "owner",
        "token",
        "worker",
        "inputs",
        "body_digest",
        "deliveries",
        "request_id",
    }
    assert api.keys["ann"].kept.id not in shown
    assert str(api.settings.data_dir) not in shown


def test_api4_unrestricted_resource_consumption(make_api: Any, make_job: Any) -> None:
    """Bytes, frames, rate, unfinished jobs, queue, page and streams: each has its bound and its refusal."""
    api = make_api("ann", max_upload_bytes=10_000, max_frames=1, rate_per_key="3/hour", open_jobs_per_key=1)
    ann = api.keys["ann"].header
    large = make_job()
    large.clouds = [("cloud.bin", bytes(20_000))]
    assert api.post(large, headers=ann).json()["type"] == "body-too-large"  # refused unread: not even counted
    two_frames = make_job()
    two_frames.images, two_frames.clouds = two_frames.images * 2, two_frames.clouds * 2
    assert api.post(two_frames, headers=ann).json()["type"] == "too-many-frames"
    api.accepted(make_job(), headers=ann)
    assert api.post(make_job(), headers=ann).json()["type"] == "quota-exceeded"
    assert api.post(make_job(), headers=ann).json()["type"] == "rate-limited"
    assert api.http.get("/jobs?limit=1000", headers=ann).status_code == 422


def test_api5_broken_function_level_authorization(api: Any) -> None:
    """There is no function for operators in the API, and no method beyond those described."""
    for address in ("/admin", "/keys", "/debug", "/settings", "/.env", "/jobs/../keys.json", "/static/..%2f..%2fetc"):
        assert api.http.get(address, headers=api.keys["ann"].header).status_code == 404, address
    for method in ("PUT", "PATCH", "TRACE", "POST"):
        response = api.http.request(method, "/jobs", headers=api.keys["ann"].header)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_api6_unrestricted_access_to_sensitive_business_flows(make_api: Any, make_job: Any) -> None:
    """A browser on this machine that was led here by a foreign page gets nothing, and nothing done."""
    api = make_api()
    assert api.post(make_job(), headers={"Host": "rebound.example"}).json()["type"] == "loopback-only"
    assert api.http.get("/jobs").json()["jobs"] == []


def test_api8_security_misconfiguration(make_api: Any, make_job: Any, tmp_path: Path) -> None:
    """Answers are typed, framed by nobody, cached by nobody, open to no other origin, and tell no version or trace."""
    api = make_api("ann")
    for response in (
        api.http.get("/healthz", headers={"Origin": "https://elsewhere.example"}),
        api.http.get("/nowhere"),
        api.http.get("/jobs"),
        api.post(make_job(), headers=api.keys["ann"].header),
    ):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Traceback" not in response.text
    broken_ring = make_api("bob")
    (tmp_path / "keys.json").write_text("broken")
    response = broken_ring.http.get("/jobs", headers=broken_ring.keys["bob"].header)
    assert (response.status_code, response.json()["type"]) == (503, "keys-unavailable")  # closed, not open
    assert str(tmp_path) not in response.text


def test_api9_improper_inventory_management(api: Any) -> None:
    """Everything that answers is described, with the statuses it has; the version is told."""
    description = api.http.get("/openapi.json").json()
    assert api.http.get("/version").json()["version"] == description["info"]["version"]
    for path, methods in description["paths"].items():
        for method, endpoint in methods.items():
            assert ("401" in endpoint["responses"]) is (path not in OPEN), (path, method)
            assert bool(endpoint.get("security")) is (path not in OPEN), (path, method)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """No code of ours reads what can run code, the queue takes JSON only, weights are loaded as tensors only."""
    celery = create_celery_app(Settings(data_dir=tmp_path))
    assert (celery.conf.accept_content, celery.conf.task_serializer) == (["json"], "json")
    for package in ("service", "worker", "models"):
        for path in (REPOSITORY / package).rglob("*.py"):
            assert not list(_unsafe_loads(ast.parse(path.read_text()))), path


def _unsafe_loads(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"} & {*names}
        elif isinstance(node, ast.Call):
            settings = {each.arg: getattr(each.value, "value", None) for each in node.keywords}
            if settings.get("allow_pickle"):
                yield "allow_pickle"
            if ast.unparse(node.func) == "torch.load" and settings.get("weights_only") is not True:
                yield "torch.load"


def test_a_request_keeps_its_id(api: Any, make_job: Any) -> None:
    """Sent ids come back and go into the record; what is no id is replaced; refusals and crashes have one too."""
    mine = {**api.keys["ann"].header, "X-Request-ID": "fleet-7.batch_3"}
    response = api.post(make_job(), headers=mine)
    assert response.headers["X-Request-ID"] == "fleet-7.batch_3"
    assert api.jobs.get(response.json()["id"]).request_id == "fleet-7.batch_3"
    for sent in ("a b", "x" * 65, "<script>"):
        made = api.http.get("/nowhere", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", made)
