"""Whatever is written is read back as the same numbers, from every format to every other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from worker.inputs import InputError
from worker.inputs.calibration_files import FORMATS, FrameChoice, SensorCalibration, format_of, read_calibration
from worker.inputs.camera_model import CameraModel

K = ((701.25, 0.0, 600.5), (0.0, 702.75, 180.25), (0.0, 0.0, 1.0))
# What each format can say beyond a rectified pinhole.
DISTORTED = {
    "pinhole of five": ({"distortion": (-0.3, 0.1, 0.001, -0.002, 0.01)}, {"ros-camera-info", "opencalib"}),
    "rational": ({"distortion": (0.3, -0.1, 0.001, -0.002, 0.01, 0.4, 0.1, 0.05)}, {"ros-camera-info", "opencalib"}),
    "fisheye": ({"model": "fisheye", "distortion": (0.1, -0.02, 0.003, -0.0004)}, {"ros-camera-info"}),
    "unified": ({"model": "omnidirectional", "xi": 1.2, "distortion": (0.1, 0.02, 0.0, 0.0)}, set()),
    "double sphere": ({"model": "double_sphere", "xi": -0.2, "alpha": 0.6}, set()),
}
KEEPS_NAMES = {"semalign", "nuscenes", "ros-static-transform", "autoware", "opencalib", "opencv"}
KEEPS_SIZE = {"semalign", "kitti-raw", "ros-camera-info", "opencalib", "opencv"}
HOLDS_BOTH = [name for name, kind in FORMATS.items() if kind.holds_camera and kind.holds_extrinsic]

angles = st.floats(-np.pi, np.pi)
places = st.tuples(*[st.floats(-100, 100)] * 3)


def expect_same(actual: SensorCalibration, expected: SensorCalibration, name: str) -> None:
    kind = FORMATS[name]
    if kind.holds_camera:
        assert actual.camera.model == expected.camera.model
        assert actual.camera.coefficients() == expected.camera.coefficients()
        assert (actual.camera.xi, actual.camera.alpha) == (expected.camera.xi, expected.camera.alpha)
        np.testing.assert_allclose(actual.camera.matrix(), expected.camera.matrix(), rtol=1e-12)
    if kind.holds_extrinsic:
        np.testing.assert_allclose(actual.T_cam_lidar, expected.T_cam_lidar, atol=1e-9)
    if name in KEEPS_NAMES:
        assert (actual.camera_frame, actual.lidar_frame) == (expected.camera_frame, expected.lidar_frame)
    if name in KEEPS_SIZE:
        assert actual.image_size == expected.image_size


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_reads_what_it_writes(calibration, save, name):
    """By name and by content; intrinsics, extrinsic, frames and size as far as the format has a place for them."""
    path = save(FORMATS[name].write(calibration))
    assert format_of(path) == name
    expect_same(read_calibration(path, name), calibration, name)
    expect_same(read_calibration(path), calibration, name)


@pytest.mark.parametrize("first", HOLDS_BOTH)
@pytest.mark.parametrize("second", FORMATS)
def test_formats_agree(calibration, save, first, second):
    """A calibration that went through one format arrives at another one unchanged."""
    between = read_calibration(save(FORMATS[first].write(calibration), "first"), first)
    if second == first or second not in KEEPS_NAMES | KEEPS_SIZE:
        expected = calibration
    else:
        expected = replace(calibration, camera_frame=between.camera_frame, lidar_frame=between.lidar_frame)
        expected = replace(expected, image_size=between.image_size)
    choice = FrameChoice(between.camera_frame, between.lidar_frame) if second in KEEPS_NAMES else FrameChoice()
    arrived = read_calibration(save(FORMATS[second].write(between), "second"), second, choice)
    expect_same(arrived, expected if second != first else between, second)


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.holds_extrinsic])
@given(rpy=st.tuples(angles, angles, angles), place=places)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pose_survives(calibration, tmp_path_factory, name, rpy, place):
    """However camera and LiDAR are turned to each other, upright or straight down."""
    transform = np.eye(4)
    transform[:3, :3] = Rotation.from_euler("xyz", rpy).as_matrix()
    transform[:3, 3] = place
    turned = replace(calibration, T_cam_lidar=transform)
    written = FORMATS[name].write(turned)
    path = tmp_path_factory.mktemp("pose") / "file"
    if isinstance(written, str):
        path.write_text(written)
    else:
        path.mkdir()
        for file, text in written.items():
            (path / file).write_text(text)
    np.testing.assert_allclose(read_calibration(path, name).T_cam_lidar, transform, atol=1e-7)


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.holds_camera])
@pytest.mark.parametrize("kind", DISTORTED)
def test_distorted_cameras_survive_or_are_refused(calibration, save, name, kind):
    """A format that has no place for a camera's distortion says so; none leaves it out silently."""
    fields, holders = DISTORTED[kind]
    distorted = replace(calibration, camera=CameraModel(K=K, **fields))
    if name in {"semalign", "opencv"} | holders:
        expect_same(read_calibration(save(FORMATS[name].write(distorted)), name), distorted, name)
    else:
        with pytest.raises(InputError, match="write another format") as caught:
            FORMATS[name].write(distorted)
        assert caught.value.code == "invalid-calibration-file"


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_missing_is_said(calibration, save, name):
    """A format that needs both parts asks for the one that is missing; others write what there is."""
    partial = {"semalign", "opencalib", "opencv"}
    only_camera, only_extrinsic = replace(calibration, T_cam_lidar=None), replace(calibration, camera=None)
    for part, needed in ((only_camera, FORMATS[name].holds_extrinsic), (only_extrinsic, FORMATS[name].holds_camera)):
        if needed and name not in partial:
            with pytest.raises(InputError, match="needs the"):
                FORMATS[name].write(part)
        else:
            back = read_calibration(save(FORMATS[name].write(part), f"part{part is only_camera}"), name)
            assert (back.camera is None) == (part.camera is None or not FORMATS[name].holds_camera)
