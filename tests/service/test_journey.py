"""The way of a job over HTTP, from upload to deletion."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from service.schemas import JobAccepted, JobStatus


@pytest.fixture
def done(stack: Any, make_job: Any) -> str:
    """Return the id of a job that succeeded."""
    job_id: str = stack.submit(make_job())
    stack.wait_for_end(job_id)
    return job_id


def test_a_job_is_accepted_with_its_address(stack: Any, make_job: Any) -> None:
    """202, where to look, and when."""
    response = stack.http.post("/calibrate", files=make_job().parts)
    assert response.status_code == 202
    accepted = JobAccepted.model_validate(response.json())
    assert response.headers["Location"] == accepted.links.self == f"/jobs/{accepted.id}"
    assert int(response.headers["Retry-After"]) >= 1
    assert stack.http.get(response.headers["Location"]).status_code == 200
    stack.wait_for_end(accepted.id)


def test_a_running_job_tells_its_stage_and_progress(stack: Any, make_job: Any) -> None:
    """Progress grows while it runs, and the answer says when to ask again."""
    job_id = stack.submit(make_job(seconds=1.5))
    stack.wait_until(job_id, "running")
    seen = []
    while (response := stack.http.get(f"/jobs/{job_id}")).json()["state"] == "running":
        assert "Retry-After" in response.headers
        seen.append(response.json())
    progress = [each["progress"] for each in seen]
    assert progress == sorted(progress)
    assert progress[0] < progress[-1] < 1
    assert "refinement" in {each["stage"] for each in seen}
    assert seen[-1]["loss"] is not None
    assert "Retry-After" not in response.headers


def test_a_finished_job_carries_result_and_links(stack: Any, done: str) -> None:
    """The fields of the contract."""
    status = stack.job(done)
    assert (status["state"], status["stage"], status["progress"], status["queue_position"]) == (
        "succeeded",
        "done",
        1.0,
        None,
    )
    assert status["links"] == {
        "self": f"/jobs/{done}",
        "events": f"/jobs/{done}/events",
        "overlay": f"/jobs/{done}/overlay.png",
    }
    assert status["result"]["outcome"] == "converged"
    assert status["error"] is None
    assert status["created_at"] <= status["started_at"] <= status["finished_at"]
    JobStatus.model_validate({**status, "result": None})


def test_overlays_show_both_stages(stack: Any, done: str) -> None:
    """Two different pictures; the final one unless asked otherwise."""
    pictures = {
        stage: stack.http.get(f"/jobs/{done}/overlay.png", params={"stage": stage}) for stage in ("initial", "final")
    }
    assert {response.headers["content-type"] for response in pictures.values()} == {"image/png"}
    assert pictures["initial"].content != pictures["final"].content
    assert stack.http.get(f"/jobs/{done}/overlay.png").content == pictures["final"].content
    Image.open(io.BytesIO(pictures["final"].content)).verify()


def test_an_overlay_that_is_not_there_yet_is_a_conflict(stack: Any, make_job: Any) -> None:
    """Not found would tell the client to give up."""
    job_id = stack.submit(make_job(seconds=1))
    response = stack.http.get(f"/jobs/{job_id}/overlay.png")
    assert (response.status_code, response.json()["type"]) == (409, "overlay-not-ready")
    stack.wait_for_end(job_id)


def test_queued_jobs_know_their_position(stack: Any, make_job: Any) -> None:
    """One runs, the others count those before them."""
    running, *waiting = [stack.submit(make_job(seconds=3)) for _ in range(3)]
    stack.wait_until(running, "running")
    assert [stack.job(job_id)["queue_position"] for job_id in waiting] == [0, 1]
    for job_id in waiting:
        assert stack.http.delete(f"/jobs/{job_id}").status_code == 204
    stack.wait_for_end(running)


def test_repeated_parts_are_frames(stack: Any, make_job: Any) -> None:
    """Images and clouds pair up in their order."""
    upload = make_job()
    upload.images *= 2
    upload.clouds = [upload.clouds[0], ("cloud.BIN", np.ones((3, 4), "<f4").tobytes())]
    status = stack.wait_for_end(stack.submit(upload))
    assert [frame["points"] for frame in status["result"]["frames"]] == [10, 3]


def test_labels_may_be_uploaded_in_place_of_networks(stack: Any, make_job: Any) -> None:
    """Label image and point labels reach the worker."""
    upload = make_job(image_model=None, cloud_model=None, image_label_map={"0": "road"}, point_label_map={"0": "road"})
    label_image = io.BytesIO()
    Image.new("L", (64, 32)).save(label_image, "PNG")
    upload.more = [
        ("image_labels", ("labels.png", label_image.getvalue())),
        ("point_labels", ("cloud.label", np.zeros(10, "<u4").tobytes())),
    ]
    assert stack.wait_for_end(stack.submit(upload))["state"] == "succeeded"


def test_the_request_may_come_as_a_file(stack: Any, make_job: Any) -> None:
    """`curl -F request=@request.json` sends it so."""
    parts = [part for part in make_job().parts if part[0] != "request"]
    parts.append(("request", ("request.json", json.dumps(make_job().request))))
    response = stack.http.post("/calibrate", files=parts)
    assert response.status_code == 202
    stack.wait_for_end(response.json()["id"])


def test_deleting_a_job_removes_every_byte(stack: Any, done: str) -> None:
    """Record, inputs, overlays and result are gone, and a second delete says so."""
    assert stack.blobs(done)
    assert stack.http.delete(f"/jobs/{done}").status_code == 204
    assert stack.blobs(done) == []
    for response in (
        stack.http.get(f"/jobs/{done}"),
        stack.http.get(f"/jobs/{done}/overlay.png"),
        stack.http.delete(f"/jobs/{done}"),
    ):
        assert (response.status_code, response.json()["type"]) == (404, "unknown-job")


def test_no_estimate_is_a_failure_that_returns_the_initial_extrinsic(stack: Any, make_job: Any) -> None:
    """State and error say that it failed, the result what is left."""
    status = stack.wait_for_end(stack.submit(make_job(ending=2)))
    assert status["state"] == "failed"
    assert status["error"] == {"type": "no-point-in-view", "detail": "As it was told."}
    assert status["result"]["outcome"] == "no_point_in_view"
    assert status["result"]["T_cam_lidar"] == pytest.approx(np.array(make_job().request["initial"]["T_cam_lidar"]))
    assert status["links"]["overlay"] is not None


def test_a_fault_of_ours_fails_the_job_and_is_logged_under_its_id(stack: Any, make_job: Any) -> None:
    """The caller hears a general sentence, the operator finds the cause."""
    job_id = stack.submit(make_job(ending=1))
    status = stack.wait_for_end(job_id)
    assert (status["state"], status["error"]["type"], status["result"]) == ("failed", "internal-error", None)
    assert "secret" not in json.dumps(status)
    (logged,) = stack.events(job_id, "job failed")
    assert "a secret of the implementation" in logged["exception"]
