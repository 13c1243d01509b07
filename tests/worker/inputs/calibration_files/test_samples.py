"""Files as their tools write them: which way their transforms go, and which frames are meant."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.inputs import InputError
from worker.inputs.calibration_files import FrameChoice, format_of, read_calibration

OPTICAL = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
"""Rotation of a camera that looks ahead of a LiDAR with x forward, y left and z up."""

CAMERA_INFO = """
image_width: 640
image_height: 480
camera_name: wide
camera_matrix: {rows: 3, cols: 3, data: [300.5, 0, 320, 0, 301, 240, 0, 0, 1]}
distortion_model: equidistant
distortion_coefficients: {rows: 1, cols: 4, data: [0.01, -2e-3, 1e-4, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [300, 0, 320, 0, 0, 300, 240, 0, 0, 0, 1, 0]}
"""
STATIC = """
transforms:
- header: {frame_id: base_link}
  child_frame_id: os_lidar
  transform: {translation: {x: 1.0, y: 0.0, z: 2.0}, rotation: {x: 0, y: 0, z: 0, w: 1}}
- header: {frame_id: base_link}
  child_frame_id: camera_left_optical_frame
  transform: {translation: {x: 1.5, y: 0.5, z: 1.5}, rotation: {x: -0.5, y: 0.5, z: -0.5, w: 0.5}}
- header: {frame_id: base_link}
  child_frame_id: camera_right
  transform: {translation: {x: 1.5, y: -0.5, z: 1.5}, rotation: {x: 0, y: 0, z: 0, w: 1}}
"""
AUTOWARE = """
sensor_kit_base_link:
  camera0/camera_link: {x: 0.5, y: 0.1, z: -0.2, roll: 0.0, pitch: 0.0, yaw: 1.5707963267948966}
  camera1/camera_optical_link: {x: 0.5, y: 0.0, z: 0.0, roll: -1.5707963267948966, pitch: 0, yaw: -1.5707963267948966}
  velodyne_top_base_link: {x: 0.0, y: 0.0, z: 0.0, roll: 0.0, pitch: 0.0, yaw: 0.0}
"""
OPENCV = """%YAML:1.0
---
CameraExtrinsicMat: !!opencv-matrix
   rows: 4
   cols: 4
   dt: d
   data: [ 0., 0., 1., 1., -1., 0., 0., 2., 0., -1., 0., 3., 0., 0., 0., 1. ]
CameraMat: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 700., 0., 600., 0., 701., 200., 0., 0., 1. ]
DistCoeff: !!opencv-matrix
   rows: 1
   cols: 5
   dt: d
   data: [ -0.1, 2.e-02, 0., 0., 0.01 ]
ImageSize: [ 1280, 720 ]
"""
KITTI_RAW = {
    "calib_cam_to_cam.txt": "calib_time: 09-Jan-2012 13:57:47\nS_rect_02: 1.242e+03 3.75e+02\n"
    "R_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: 700 0 600 70 0 700 170 0 0 0 1 0\n"
    "P_rect_03: 700 0 600 -350 0 700 170 0 0 0 1 0\n",
    "calib_velo_to_cam.txt": "R: 0 -1 0 0 0 -1 1 0 0\nT: 0 -0.1 -0.3\ndelta_f: 0 0\n",
}


def matrix(rotation: np.ndarray, translation: tuple[float, float, float]) -> np.ndarray:
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation, translation
    return transform


def test_camera_info(save):
    """Also with numbers that YAML 1.1 takes for text, such as -2e-3."""
    path = save(CAMERA_INFO)
    assert format_of(path) == "ros-camera-info"
    found = read_calibration(path)
    assert found.camera.model == "fisheye"
    assert found.camera.coefficients() == (0.01, -0.002, 0.0001, 0)
    assert (found.image_size, found.camera_frame, found.T_cam_lidar) == ((640, 480), "wide", None)


def test_messages_as_ros_prints_them(save):
    """A message of `ros2 topic echo` ends with a line that opens another document; two messages are one too many."""
    echoed = (
        "width: 640\nheight: 480\nk: [300, 0, 320, 0, 301, 240, 0, 0, 1]\nd: null\nbinning_x: 0\nbinning_y: 1\n"
        "roi: {x_offset: 0, y_offset: 0, height: 480, width: 640, do_rectify: false}\n---\n"
    )
    found = read_calibration(save(echoed))
    assert (found.image_size, found.camera.K[0][0]) == ((640, 480), 300)
    with pytest.raises(InputError, match="2 YAML documents"):
        read_calibration(save(echoed * 2))


def test_ros_transforms_lead_over_other_frames(save):
    """The child's coordinates go to the parent's; the camera's frame is optical unless said otherwise."""
    path = save(STATIC)
    assert format_of(path) == "ros-static-transform"
    left = read_calibration(path, choice=FrameChoice(camera="camera_left_optical_frame"))
    np.testing.assert_allclose(left.T_cam_lidar, matrix(OPTICAL, OPTICAL @ [-0.5, -0.5, 0.5]), atol=1e-12)
    right = read_calibration(path, choice=FrameChoice(camera="camera_right", axes="body"))
    np.testing.assert_allclose(right.T_cam_lidar, matrix(OPTICAL, OPTICAL @ [-0.5, 0.5, 0.5]), atol=1e-12)
    as_it_stands = read_calibration(path, choice=FrameChoice(camera="camera_right"))
    np.testing.assert_allclose(as_it_stands.T_cam_lidar, matrix(np.eye(3), (-0.5, 0.5, 0.5)), atol=1e-12)
    with pytest.raises(InputError, match=r"--camera-frame .* camera_left_optical_frame, camera_right"):
        read_calibration(path)


def test_autoware_cameras_look_along_x(save):
    """A camera_link has x forward, a camera_optical_link z."""
    path = save(AUTOWARE)
    assert format_of(path) == "autoware"
    link = read_calibration(path, choice=FrameChoice(camera="camera0/camera_link"))
    turn = Rotation.from_euler("z", -90, degrees=True).as_matrix()
    expected = matrix(OPTICAL @ turn, OPTICAL @ turn @ [-0.5, -0.1, 0.2])
    np.testing.assert_allclose(link.T_cam_lidar, expected, atol=1e-12)
    optical = read_calibration(path, choice=FrameChoice(camera="camera1/camera_optical_link"))
    np.testing.assert_allclose(optical.T_cam_lidar, matrix(OPTICAL, (0, 0, -0.5)), atol=1e-12)
    assert optical.lidar_frame == "velodyne_top_base_link"


def test_opencv_files_of_autoware_ai(save):
    """Their extrinsic goes from the camera to the LiDAR."""
    path = save(OPENCV)
    assert format_of(path) == "opencv"
    found = read_calibration(path)
    np.testing.assert_allclose(np.linalg.inv(found.T_cam_lidar), matrix(OPTICAL.T, (1, 2, 3)), atol=1e-12)
    assert found.camera.coefficients() == (-0.1, 0.02, 0, 0, 0.01)
    assert found.image_size == (1280, 720)


@pytest.mark.parametrize(
    ("lines", "model"),
    [
        ("", "pinhole"),
        ("fisheye_model: 0\n", "pinhole"),
        ("fisheye_model: 1\n", "fisheye"),
        ("DistModel: plumb_bob\n", "pinhole"),
        ("DistModel: equidistant\n", "fisheye"),
        ("xi: 1.5\n", "omnidirectional"),
        ("xi: !!opencv-matrix\n   rows: 1\n   cols: 1\n   dt: d\n   data: [ 1.5 ]\n", "omnidirectional"),
        ("camera_model: fisheye\nfisheye_model: 0\n", "fisheye"),
    ],
)
def test_opencv_files_say_their_model(save, lines, model):
    """Four coefficients alone could be those of two models."""
    text = f"%YAML:1.0\n---\n{lines}camera_matrix: [300, 0, 320, 0, 300, 240, 0, 0, 1]\n"
    camera = read_calibration(save(text + "distortion_coefficients: [0.1, 0.02, 0.003, 0.004]\n"), "opencv").camera
    assert (camera.model, camera.xi) == (model, 1.5 if model == "omnidirectional" else None)


def test_kitti_raw(save):
    """The offset of a rectified camera belongs to its extrinsic; another camera has another."""
    path = save(KITTI_RAW)
    for given in (path, path / "calib_cam_to_cam.txt", path / "calib_velo_to_cam.txt"):
        assert format_of(given) == "kitti-raw"
        found = read_calibration(given)
        np.testing.assert_allclose(found.T_cam_lidar, matrix(OPTICAL, (0.1, -0.1, -0.3)))
        assert (found.camera_frame, found.image_size) == ("image_02", (1242, 375))
    right = read_calibration(path, choice=FrameChoice(camera="image_03"))
    np.testing.assert_allclose(right.T_cam_lidar[:3, 3], (-0.5, -0.1, -0.3))
    with pytest.raises(InputError, match="image_00 to image_03"):
        read_calibration(path, choice=FrameChoice(camera="left"))


def test_nuscenes_tables(save):
    """Sensors are placed on the vehicle, quaternions have w first, channels come from the table beside."""
    half = 0.5**0.5
    records = [
        {
            "token": "a",
            "sensor_token": "s1",
            "translation": [1.5, 0, 1.5],
            "rotation": [0.5, -0.5, 0.5, -0.5],
            "camera_intrinsic": [[1266, 0, 816], [0, 1266, 491], [0, 0, 1]],
        },
        {
            "token": "b",
            "sensor_token": "s2",
            "translation": [1, 0, 2],
            "rotation": [half, 0, 0, -half],
            "camera_intrinsic": [],
        },
        {
            "token": "c",
            "sensor_token": "s3",
            "translation": [3, 0, 0],
            "rotation": [1, 0, 0, 0],
            "camera_intrinsic": [],
        },
    ]
    sensors = [
        {"token": token, "channel": channel}
        for token, channel in (("s1", "CAM_FRONT"), ("s2", "LIDAR_TOP"), ("s3", "RADAR_FRONT"))
    ]
    files = {"calibrated_sensor.json": json.dumps(records), "sensor.json": json.dumps(sensors)}
    path = save(files) / "calibrated_sensor.json"
    found = read_calibration(path)
    assert (found.camera_frame, found.lidar_frame) == ("CAM_FRONT", "LIDAR_TOP")
    lidar_turn = Rotation.from_euler("z", -90, degrees=True).as_matrix()
    np.testing.assert_allclose(found.T_cam_lidar, matrix(OPTICAL @ lidar_turn, OPTICAL @ [-0.5, 0, 0.5]), atol=1e-12)
    by_token = read_calibration(path, choice=FrameChoice(camera="a", lidar="b"))
    np.testing.assert_allclose(by_token.T_cam_lidar, found.T_cam_lidar)
    records.append({**records[0], "token": "d"})
    path.write_text(json.dumps(records))
    with pytest.raises(InputError, match=r"2 calibrations of 'CAM_FRONT'.*a, d"):
        read_calibration(path)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no known format|mapping"),
        ("{", "not JSON"),
        ("[1]", "mapping"),
        ("P2: 1 2 3\nTr: 1\n", "12 numbers, not 3"),
        ("P2: 0 0 0 0 0 0 0 0 0 0 0 0\nTr: 1 0 0 0 0 1 0 0 0 0 1 0\n", "no inverse"),
        ("P2: 700 0 600 0 0 700 200 0 0 0 1 0\nTr: 2 0 0 0 0 2 0 0 0 0 2 0\n", "no rigid transform"),
        ("P2: 700 0 600 0 0 700 200 0 0 0 1 0\nTr: nan 0 0 0 0 1 0 0 0 0 1 0\n", "finite number, not 'nan'"),
        ("camera_matrix: [1, 2]", "9 numbers, not 2"),
        ("camera_matrix: {rows: 3}", "no 'data'"),
        ("camera_matrix: [7, 0, 0, 0, 7, 0, 0, 0, 1]\ndistortion_model: thin", "distortion_model of .* is 'thin'"),
        ("%YAML:1.0\n---\nDistModel: thin\nK: [7, 0, 0, 0, 7, 0, 0, 0, 1]\n", "DistModel of .* is 'thin'"),
        ("a: {b: {roll: 0}}", "has no 'x'"),
        ("a: {cam: {x: 0, y: 0, z: 0, roll: 0, pitch: 0, yaw: 90}}", "angle of 90, .*radians, not degrees"),
        ("K: [7, 0, 0, 0, 7, 0, 0, 0, 1]\nbinning_x: 2\nbinning_y: 2\n", "cropped or binned"),
        ("K: [7, 0, 0, 0, 7, 0, 0, 0, 1]\nroi: {x_offset: 8, y_offset: 0, width: 0, height: 0}\n", "cropped or binned"),
        ("width: 9\nK: [7, 0, 0, 0, 7, 0, 0, 0, 1]\nroi: {width: 5}\n", "cropped or binned"),
        ("K: [7, 0, 0, 0, 7, 0, 0, 0, 1]\nroi: 3\n", "'roi' of .* mapping"),
        ("P0: 700 0 600 0 0 700 200 0 0 0 1 0\nTr: 1 0 0 0 0 1 0 0 0 0 1 0\n", "no line 'P2'; it has P0, Tr"),
        ("P2: 700 0 600 0 0 700 200 0 0 0 1 0\n", "no line 'Tr'; it has P2"),
        ("a: {b: {x: 0, y: 0, z: 0, roll: 0, pitch: 0, yaw: 0}}", "Say with --camera-frame"),
        ("transforms: 3", "must be a list"),
        ("child_frame_id: a", "no 'header'"),
        ("a: &a [*a]", "no known format"),
        ("a: b: c", "not YAML"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ('{"K": [[7, 0, 1], [0, 7, 1], [0, 0, 1]], "T_cam_lidar": 3}', "T_cam_lidar"),
        ('{"verdict": "high"}', "neither a camera"),
        ("%YAML:1.0\n---\nx: 1\n", "no camera_matrix and no T_cam_lidar"),
        ("[" * 100_000, "not JSON"),
        ("{a: " * 5000, "not JSON|not YAML"),
    ],
)
def test_what_cannot_be_used_is_said(save, text, match):
    """In a sentence, whatever the format."""
    with pytest.raises(InputError, match=match) as caught:
        read_calibration(save(text))
    assert caught.value.message.rstrip().endswith((".", ")"))


def test_real_files_agree_with_the_truth(test_data):
    """KITTI and the other data sets' own texts give the extrinsics that the frames state."""
    for name in ("kitti00_000000", "kitti00_004263", "kittidet_train_000000", "kittidet_test_000001"):
        found = read_calibration(test_data / name / "calib.txt")
        truth = read_calibration(test_data / name)
        np.testing.assert_allclose(found.T_cam_lidar, truth.T_cam_lidar, atol=1e-5)
        np.testing.assert_allclose(found.camera.matrix(), truth.camera.matrix(), atol=1e-5)


def test_real_files_of_other_tools(test_data):
    """KITTI raw, OpenCalib's two files alone, and the nine numbers of a camera_info message."""
    formats = test_data / "formats"
    raw = read_calibration(formats / "calib_velo_to_cam.txt")
    assert raw.image_size == (1242, 375)
    np.testing.assert_allclose(raw.T_cam_lidar[:3, 3], (0.057, -0.075, -0.269), atol=1e-3)
    intrinsic = read_calibration(formats / "center_camera-intrinsic.json")
    assert (intrinsic.image_size, intrinsic.T_cam_lidar) == ((1920, 1080), None)
    assert len(intrinsic.camera.coefficients()) == 4
    extrinsic = read_calibration(formats / "top_center_lidar-to-center_camera-extrinsic.json")
    assert (extrinsic.camera, extrinsic.camera_frame) == (None, "center_camera")
    np.testing.assert_allclose(extrinsic.T_cam_lidar[0], (0.0125908, -0.999895, -0.00713773, -0.0322306), atol=1e-5)
    assert read_calibration(formats / "camera_info_livox.json").camera.K[0][0] == 950.7548854113494
