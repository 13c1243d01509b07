"""`semalign convert`, and calibration files of other tools as inputs of `calibrate`."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from service.cli.calibration_files import initial_from_file, read_camera
from service.cli.main import app
from worker.inputs import InputError
from worker.inputs.calibration_files import FrameChoice, read_calibration

KITTI = "P2: 700 0 600 70 0 700 170 0 0 0 1 0\nTr: 0 -1 0 0 0 0 -1 -0.1 1 0 0 -0.3\n"


@pytest.fixture
def kitti(tmp_path: Path) -> Path:
    path = tmp_path / "calib.txt"
    path.write_text(KITTI)
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def test_one_file_becomes_another(kitti, tmp_path):
    """What was read is printed with its direction, and written."""
    out = tmp_path / "out" / "calibration.yaml"
    result = run(kitti, out, "--from", "kitti-odometry", "--to", "opencv")
    assert result.exit_code == 0, result.output
    assert "T_cam_lidar, from velodyne to P2:" in result.output
    np.testing.assert_allclose(read_calibration(out, "opencv").T_cam_lidar[:3, 3], (0.1, -0.1, -0.3))


def test_programs_read_what_was_written(kitti, tmp_path):
    """--json says what was read, where it went and what the format had no place for."""
    result = run(kitti, tmp_path / "camera.yaml", "--to", "ros-camera-info", "--json")
    said = json.loads(result.stdout)
    assert (said["format"], said["path"]) == ("ros-camera-info", str(tmp_path / "camera.yaml"))
    assert said["camera"]["K"][0] == [700, 0, 600]
    np.testing.assert_allclose(np.array(said["T_cam_lidar"])[:3, 3], (0.1, -0.1, -0.3))
    assert said["left_out"] == ["the extrinsic"]


def test_what_has_no_place_is_told(kitti, tmp_path):
    """ROS splits intrinsics and extrinsic; two files become one again."""
    intrinsics, transform, joined = tmp_path / "camera.yaml", tmp_path / "static.yaml", tmp_path / "raw"
    result = run(kitti, intrinsics, "--to", "ros-camera-info")
    assert "has no place for it: the extrinsic" in result.output
    run(kitti, transform, "--to", "ros-static-transform")
    frames = ("--camera-frame", "P2", "--lidar-frame", "velodyne")
    result = run(intrinsics, joined, "--extrinsic", transform, "--to", "kitti-raw", *frames)
    assert result.exit_code == 0, result.output
    found, original = read_calibration(joined), read_calibration(kitti)
    np.testing.assert_allclose(found.T_cam_lidar, original.T_cam_lidar, atol=1e-12)
    assert found.camera == original.camera


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--to", "kitty"), "no format that is known: semalign, kitti-odometry"),
        (("--to", "opencv", "--from", "nuscenes"), "not JSON"),
        (("--to", "opencv", "--camera-frame", "P9"), "no line 'P9'"),
    ],
)
def test_what_cannot_be_done_is_said(kitti, tmp_path, arguments, expected):
    """With status 2 and a sentence."""
    result = run(kitti, tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert expected in " ".join(result.output.split())


def test_absent_file(tmp_path):
    """The sentence names it."""
    result = run(tmp_path / "none.yaml", tmp_path / "out", "--to", "opencv")
    assert result.exit_code == 2
    assert "none.yaml" in result.output


def test_calibrate_takes_calibration_files(kitti, tmp_path):
    """The camera and the extrinsic of a whole calibration, of a result, and of the parts of a request."""
    result = tmp_path / "result.json"
    transform = read_calibration(kitti).T_cam_lidar.tolist()
    result.write_text(json.dumps({"outcome": "converged", "verdict": "high", "T_cam_lidar": transform}))
    part = tmp_path / "camera.json"
    part.write_text(json.dumps({"K": [[700, 0, 600], [0, 700, 170], [0, 0, 1]]}))
    choice = FrameChoice()
    assert read_camera(kitti, choice).model == read_camera(part, choice).model
    for path in (kitti, result):
        np.testing.assert_allclose(initial_from_file(path, choice).matrix(), transform)
    part.write_text(json.dumps({"K": [[700, 0, 600], [0, 700, 170], [0, 0, 1]], "fov": 90}))
    with pytest.raises(InputError, match="fov: this field is unknown"):
        read_camera(part, choice)
    with pytest.raises(InputError, match="needs the intrinsics"):
        read_camera(result, choice)
