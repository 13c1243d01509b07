"""Rigs over HTTP: who sees them, and what is told of them."""

from typing import Any

import numpy as np
import pytest

from worker.jobs.record import JobKind
from worker.rigs.rig import Sighting
from worker.rigs.store import RigStore

INITIAL = [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]]


@pytest.fixture
def tell(client: Any) -> Any:
    """Return what tells a rig, as a worker does, that its camera has turned about y."""
    rigs = RigStore(client, keep_s=3600, most_entries=100)

    def see(owner: str, job_id: str, yaw_deg: float, reference: list[list[float]]) -> None:
        covariance = np.diag([np.radians(0.2) ** 2] * 3 + [0.03**2] * 3).tolist()
        xi = [0, float(np.radians(yaw_deg)), 0, 0, 0, 0]
        verdict = "drifted" if yaw_deg else "aligned"
        rigs.see(owner, "van-12.front", Sighting(job_id, 1e9, reference, verdict, xi, covariance))

    return see


def _frame(api: Any, make_job: Any, rig: str = "van-12.front", caller: str = "ann", **changes: Any) -> Any:
    parts = make_job(**({"initial": {"T_cam_lidar": INITIAL}} | changes)).parts
    return api.http.post(f"/rigs/{rig}/frames", files=parts, headers=api.keys[caller].header)


def test_the_first_frame_makes_the_rig(make_api: Any, make_job: Any) -> None:
    """Of which nothing is known yet, but that its job waits."""
    api = make_api("ann")
    accepted = _frame(api, make_job)
    assert accepted.status_code == 202, accepted.text
    record = api.jobs.get(accepted.json()["id"])
    assert (record.kind, record.inputs.rig) == (JobKind.EVALUATE, "van-12.front")
    rig = api.http.get("/rigs/van-12.front", headers=api.keys["ann"].header).json()
    assert (rig["status"], rig["frames"], rig["history"]) == ("unknown", 0, [])
    assert rig["reference"] == INITIAL


def test_a_drift_is_told_with_its_change(make_api: Any, make_job: Any, tell: Any) -> None:
    """In the status, in the list, in the history and as an event."""
    api = make_api("ann")
    _frame(api, make_job)
    for index in range(10):
        tell(api.keys["ann"].kept.id, f"job-{index}", 0.8, INITIAL)
    header = api.keys["ann"].header
    rig = api.http.get("/rigs/van-12.front", params={"count": 3}, headers=header).json()
    assert rig["status"] == "red"
    assert rig["departure"]["yaw"] == pytest.approx(0.8, abs=0.2)
    assert [entry["job_id"] for entry in rig["history"]] == ["job-9", "job-8", "job-7"]
    (listed,) = api.http.get("/rigs", headers=header).json()["rigs"]
    assert (listed["id"], listed["status"], listed["frames"]) == ("van-12.front", "red", 10)
    (event,) = api.http.get("/rigs/van-12.front/events", headers=header).json()["events"]
    assert event["kind"] == "drift"
    assert "turned by about" in event["sentence"]


def test_a_new_calibration_starts_over(make_api: Any, make_job: Any, tell: Any) -> None:
    """Frames with another `initial` are judged against that one."""
    api = make_api("ann")
    _frame(api, make_job)
    tell(api.keys["ann"].kept.id, "a", 0.1, INITIAL)
    moved = [[*row[:3], row[3] + (0.1 if index == 0 else 0)] for index, row in enumerate(INITIAL)]
    _frame(api, make_job, initial={"T_cam_lidar": moved})
    header = api.keys["ann"].header
    rig = api.http.get("/rigs/van-12.front", headers=header).json()
    assert (rig["frames"], rig["status"], rig["reference"]) == (0, "unknown", moved)
    (event,) = api.http.get("/rigs/van-12.front/events", headers=header).json()["events"]
    assert (event["kind"], event["job_id"]) == ("new_reference", None)


def test_rigs_of_others_do_not_exist(make_api: Any, make_job: Any) -> None:
    """Neither to look at, nor to delete; the same name is another rig."""
    api = make_api("ann", "bob")
    _frame(api, make_job)
    for method, address in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
        answer = api.http.request(method, f"/rigs/van-12.front{address}", headers=api.keys["bob"].header)
        assert (answer.status_code, answer.json()["type"]) == (404, "unknown-rig")
    assert api.http.get("/rigs", headers=api.keys["bob"].header).json() == {"rigs": []}
    assert api.http.get("/rigs").status_code == 401


def test_a_rig_is_forgotten_at_once(make_api: Any, make_job: Any) -> None:
    """Its jobs stay."""
    api = make_api("ann")
    job = _frame(api, make_job).json()["links"]["self"]
    header = api.keys["ann"].header
    assert api.http.delete("/rigs/van-12.front", headers=header).status_code == 204
    assert api.http.get("/rigs/van-12.front", headers=header).status_code == 404
    assert api.http.get(job, headers=header).json()["kind"] == "evaluate"


@pytest.mark.parametrize("name", ["-van", "van:12", "v" * 65, "van%0a"])
def test_names_that_could_become_something_else_are_refused(make_api: Any, make_job: Any, name: str) -> None:
    """They become part of a key."""
    api = make_api("ann")
    assert _frame(api, make_job, rig=name).status_code == 422


@pytest.mark.parametrize("address", ["/evaluate", "/rigs/van/frames"])
def test_evaluations_may_be_tracked(make_api: Any, make_job: Any, address: str) -> None:
    """The option waits with the job; a calibration with it is refused, and makes none."""
    api = make_api("ann")
    parts, header = make_job(options={"tracking": True}).parts, api.keys["ann"].header
    assert api.http.post(address, files=parts, headers=header).status_code == 202
    refused = api.http.post("/calibrate", files=parts, headers=header)
    assert (refused.status_code, refused.json()["type"]) == (422, "tracking-without-evaluation")
    assert refused.json()["part"] == "request"
    assert len(api.http.get("/jobs", headers=header).json()["jobs"]) == 1


def test_a_refused_frame_makes_no_rig(make_api: Any) -> None:
    """Nothing of it is kept."""
    api = make_api("ann")
    header = api.keys["ann"].header
    refused = api.http.post("/rigs/van/frames", files={"image": ("a.png", b"none")}, headers=header)
    assert refused.status_code == 422
    assert api.http.get("/rigs", headers=header).json() == {"rigs": []}


def test_the_same_key_means_the_same_task_only(make_api: Any, make_job: Any) -> None:
    """A calibration and an evaluation of the same parts are two requests."""
    api = make_api("ann")
    upload = make_job()
    header = api.keys["ann"].header | {"Idempotency-Key": "once"}
    first = api.http.post("/evaluate", files=upload.parts, headers=header)
    again = api.http.post("/evaluate", files=upload.parts, headers=header)
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = api.http.post("/calibrate", files=upload.parts, headers=header)
    assert other.json()["type"] == "idempotency-key-reused"
