"""Calibration files over HTTP, and what viewers are given of a job."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.exports import ExportFormat
from worker.inputs.calibration_files import FORMATS, SensorCalibration, read_calibration
from worker.inputs.camera_model import CameraModel
from worker.jobs.record import JobState
from worker.storage import IMAGE_CLASSES, POINT_CLASSES, RESULT, VIEW, BlobStore, artifact_key, open_storage

K = [[700.0, 0.0, 320.0], [0.0, 710.0, 180.0], [0.0, 0.0, 1.0]]
# A rotation whose entries all differ, so that a transposed or inverted one is found out.
T_CAM_LIDAR = [[0.8, -0.6, 0.0, 0.1], [0.0, 0.0, -1.0, -0.2], [0.6, 0.8, 0.0, 0.3], [0.0, 0.0, 0.0, 1.0]]
VIEW_FIELDS = {
    "camera": {"model": "pinhole", "K": K, "distortion": []},
    "image_width": 640,
    "image_height": 360,
    "classes": [{"name": "road", "colour": [196, 96, 255], "counted": True}],
    "history": [],
}


def finished(api: Any, upload: Any, **artifacts: bytes) -> str:
    """Post a job and end it as a worker would, with these artifacts."""
    job_id = api.accepted(upload)
    token = api.begin(job_id)
    blobs = open_storage(api.settings)
    for name, content in artifacts.items():
        blobs.put(artifact_key(job_id, token, {"result": RESULT, "view": VIEW}.get(name, name)), content)
    api.jobs.finish(job_id, token, JobState.SUCCEEDED, artifacts=True)
    return str(job_id)


@pytest.fixture
def done(make_api: Callable[..., Any], make_job: Callable[..., Any]) -> tuple[Any, str]:
    """Return an API and a job of it that has ended with all artifacts."""
    api = make_api()
    contents = {
        "result": json.dumps({"T_cam_lidar": T_CAM_LIDAR, "verdict": "high"}).encode(),
        "view": json.dumps(VIEW_FIELDS).encode(),
        IMAGE_CLASSES: b"a picture",
        POINT_CLASSES: bytes([1] * 10),
    }
    return api, finished(api, make_job(), **contents)


@pytest.mark.parametrize("name", [each for each in ExportFormat if each is not ExportFormat.JSON])
def test_results_read_back_as_they_were(done: tuple[Any, str], tmp_path: Path, name: ExportFormat) -> None:
    """What is downloaded in a format holds the same camera and the same extrinsic, as far as the format goes."""
    api, job_id = done
    answer = api.http.get(f"/jobs/{job_id}/result", params={"format": name.value})
    assert answer.status_code == 200, answer.text
    file_name = answer.headers["content-disposition"].split('"')[1]
    path = tmp_path / file_name
    path.write_bytes(answer.content)
    if path.suffix == ".zip":
        zipfile.ZipFile(path).extractall(tmp_path / "unpacked")
        path = tmp_path / "unpacked"
    found = read_calibration(path)
    known = {"kitti": "kitti-odometry", "ros": "ros-static-transform"}.get(name.value, name.value)
    if FORMATS[known].holds_extrinsic:
        np.testing.assert_allclose(found.known_extrinsic("it"), T_CAM_LIDAR, atol=1e-9)
    if FORMATS[known].holds_camera:
        np.testing.assert_allclose(found.known_camera("it").K, K, atol=1e-9)


def test_json_is_the_result_itself(done: tuple[Any, str]) -> None:
    """The default has every field."""
    api, job_id = done
    assert api.http.get(f"/jobs/{job_id}/result").json() == {"T_cam_lidar": T_CAM_LIDAR, "verdict": "high"}
    assert api.http.get(f"/jobs/{job_id}/result?format=papyrus").json()["type"] == "invalid-parameter"


def test_a_camera_that_a_format_cannot_hold_is_refused(
    make_api: Callable[..., Any], make_job: Callable[..., Any]
) -> None:
    """Writing it without its distortion would be wrong silently."""
    api = make_api()
    bent = {**VIEW_FIELDS, "camera": {"model": "fisheye", "K": K, "distortion": [0.1, 0, 0, 0]}}
    result = json.dumps({"T_cam_lidar": T_CAM_LIDAR}).encode()
    job_id = finished(api, make_job(), result=result, view=json.dumps(bent).encode())
    answer = api.http.get(f"/jobs/{job_id}/result?format=kitti")
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid-calibration-file")
    assert "fisheye" in answer.json()["detail"]


def test_nothing_is_there_before_the_end(make_api: Callable[..., Any], make_job: Callable[..., Any]) -> None:
    """A job that waits has neither result nor view; what was sent is there at once."""
    api = make_api()
    upload = make_job()
    job_id = api.accepted(upload)
    for address, kind in (("result", "result-not-ready"), ("view", "view-not-ready"), ("points.bin", "view-not-ready")):
        answer = api.http.get(f"/jobs/{job_id}/{address}")
        assert (answer.status_code, answer.json()["type"]) == (409, kind)
        assert "Retry-After" in answer.headers
    assert api.http.get(f"/jobs/{job_id}/inputs/image-0").content == upload.images[0][1]


def test_a_view_leads_to_everything_it_names(done: tuple[Any, str]) -> None:
    """Points come with their classes, and files as they were sent."""
    api, job_id = done
    view = api.http.get(f"/jobs/{job_id}/view").json()
    assert [each["part"] for each in view["links"]["inputs"]] == ["request", "image", "point_cloud"]
    for each in view["links"]["inputs"]:
        assert api.http.get(each["href"]).status_code == 200
    content = api.http.get(view["links"]["points"]).content
    assert len(content) == 10 * 13
    points = np.frombuffer(content[:120], "<f4").reshape(10, 3)
    assert (points[0].tolist(), points[-1].tolist(), set(content[120:])) == ([5, 1, 1], [20, 1, 1], {1})
    assert api.http.get(view["links"]["image_classes"]).content == b"a picture"


def test_a_file_goes_out_piece_by_piece(done: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """None is in memory as a whole, which callers who read slowly would fill; nothing of it stays on the disk."""
    api, job_id = done
    monkeypatch.delattr(BlobStore, "get")
    answer = api.http.get(f"/jobs/{job_id}/inputs/point_cloud-0.bin")
    assert (answer.status_code, len(answer.content)) == (200, 160)
    assert answer.headers["Content-Length"] == "160"
    assert not list(Path(tempfile.gettempdir()).glob("semalign-download-*"))


def test_what_was_deleted_is_said_to_be(done: tuple[Any, str]) -> None:
    """Pictures are kept longer than what was sent; the answer tells why there are no points any more."""
    api, job_id = done
    open_storage(api.settings).delete_inputs(job_id)
    for address in ("points.bin", "inputs/image-0"):
        answer = api.http.get(f"/jobs/{job_id}/{address}")
        assert (answer.status_code, answer.json()["type"]) == (410, "inputs-deleted")
    assert api.http.get(f"/jobs/{job_id}/view").status_code == 200
    assert api.http.get(f"/jobs/{job_id}/inputs/passwords").json()["type"] == "unknown-input"


def test_views_are_their_owners_only(make_api: Callable[..., Any], make_job: Callable[..., Any]) -> None:
    """To another key the job does not exist, whichever part of it is asked for."""
    api = make_api("ann", "bob")
    job_id = api.accepted(make_job(), headers=api.keys["ann"].header)
    for address in ("view", "points.bin", "image-classes.png", "inputs/image-0", "result"):
        assert api.http.get(f"/jobs/{job_id}/{address}", headers=api.keys["bob"].header).status_code == 404
        assert api.http.get(f"/jobs/{job_id}/{address}").status_code == 401
    assert api.http.post("/convert", files={"file": b"{}"}).status_code == 401


def test_calibration_files_are_read(make_api: Callable[..., Any]) -> None:
    """A file of KITTI becomes what a request takes; several files are one calibration."""
    api = make_api()
    text = "P2: 700 0 320 0 0 710 180 0 0 0 1 0\nTr: 0 -1 0 0.1 0 0 -1 -0.2 1 0 0 0.3\n"
    found = api.http.post("/convert", files={"file": ("calib.txt", text)}).json()
    assert found["camera"]["K"] == K
    assert found["initial"]["T_cam_lidar"] == [[0, -1, 0, 0.1], [0, 0, -1, -0.2], [1, 0, 0, 0.3], [0, 0, 0, 1]]
    written = FORMATS["kitti-raw"].write(read_calibration_of(found))
    files = [("file", (name, io.BytesIO(content.encode()))) for name, content in written.items()]
    again = api.http.post("/convert", files=files).json()
    np.testing.assert_allclose(again["initial"]["T_cam_lidar"], found["initial"]["T_cam_lidar"], atol=1e-9)


def test_tables_of_a_vehicle_ask_for_the_camera(make_api: Callable[..., Any]) -> None:
    """Of nuScenes both tables come together; the answer names the parameter that chooses, and no folder or option."""
    half = 0.5**0.5
    names = {"s1": "CAM_FRONT", "s2": "CAM_BACK", "s3": "LIDAR_TOP"}
    table = [
        {"sensor_token": token, "translation": [0, 0, n], "rotation": [half, 0, 0, half], "camera_intrinsic": intrinsic}
        for n, (token, intrinsic) in enumerate([("s1", K), ("s2", K), ("s3", [])])
    ]
    sensors = [{"token": token, "channel": channel} for token, channel in names.items()]
    contents = {"calibrated_sensor.json": table, "sensor.json": sensors}
    files = [("file", (name, json.dumps(content))) for name, content in contents.items()]
    api = make_api()
    asked = api.http.post("/convert", files=files)
    assert asked.status_code == 422
    assert asked.json()["detail"] == (
        "Say with camera_frame which frame of calibrated_sensor.json is meant: CAM_BACK, CAM_FRONT."
    )
    found = api.http.post("/convert", params={"camera_frame": "CAM_BACK"}, files=files).json()
    assert (found["camera_frame"], found["lidar_frame"]) == ("CAM_BACK", "LIDAR_TOP")
    assert found["camera"]["K"] == K


@pytest.mark.parametrize(
    ("parts", "status", "kind"),
    [
        ([("file", ("../../notes.txt", "Remember the milk."))], 422, "invalid-calibration-file"),
        ([("files", ("calib.txt", "P2: 1"))], 422, "unknown-part"),
        ([("file", (None, "P2: 1"))], 422, "part-not-a-file"),
    ],
)
def test_what_is_no_calibration_file_is_refused(
    make_api: Callable[..., Any], parts: list[Any], status: int, kind: str
) -> None:
    """With a sentence that names no folder of the server's."""
    answer = make_api().http.post("/convert", files=parts)
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert "/tmp" not in answer.json()["detail"]
    assert "semalign-upload" not in answer.json()["detail"]


def read_calibration_of(found: dict[str, Any]) -> SensorCalibration:
    """Return what an answer of `/convert` says, as readers return it."""
    camera = CameraModel.model_validate_json(json.dumps(found["camera"]))
    return SensorCalibration(camera, (640, 360), np.array(found["initial"]["T_cam_lidar"]))
