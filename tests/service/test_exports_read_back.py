"""Every export, read by software that is not ours, holds the very extrinsic and camera of the result."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from rosbags.typesys import Stores, get_typestore
from scipy.spatial.transform import Rotation

from service.exports import ExportFormat, export

Matrix = np.ndarray[Any, np.dtype[np.float64]]
K = np.array([[718.856, 0, 607.1928], [0, 721.5, 185.2157], [0, 0, 1]])
DISTORTION = [-0.31, 0.12, 0.001, -0.0005, 0.02]
# A camera's optical frame in its body frame: x forward, y left, z up.
T_BODY_OPTICAL = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
ROS = get_typestore(Stores.ROS2_HUMBLE)


@pytest.fixture(scope="module", params=range(3))
def extrinsic(request: pytest.FixtureRequest) -> Matrix:
    """Return T_cam_lidar of a rig that is turned every which way."""
    random = np.random.default_rng(request.param)
    T = np.eye(4)
    T[:3, :3] = Rotation.random(random_state=request.param).as_matrix()
    T[:3, 3] = random.uniform(-2, 2, 3)
    return T


def exported(T: Matrix, chosen: str, distortion: list[float] | None = None) -> bytes:
    """Return the file that the service hands out for a result with this extrinsic."""
    camera = {"model": "pinhole", "K": K.tolist(), "distortion": distortion or []}
    view = {"camera": camera, "image_width": 1241, "image_height": 376}
    return export({"T_cam_lidar": T.tolist()}, view, ExportFormat(chosen)).content


def pose(rotation: Rotation, translation: Any) -> Matrix:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation.as_matrix(), translation
    return T


def of_kitti(content: bytes) -> Matrix:
    """The development kit: Tr takes Velodyne points to camera 0, P2 projects them; numpy reads the rows."""
    rows = rows_of(content)
    T = np.vstack([rows["Tr"].reshape(3, 4), [0, 0, 0, 1]])
    offset = np.eye(4)
    offset[:3, 3] = np.linalg.inv(K) @ rows["P2"].reshape(3, 4)[:, 3]
    np.testing.assert_allclose(rows["P2"].reshape(3, 4)[:, :3], K)
    return offset @ T


def of_kitti_object(content: bytes) -> Matrix:
    """The image point is P2 R0_rect Tr_velo_to_cam times the LiDAR point, as the object development kit says."""
    rows = rows_of(content)
    rectification = pose(Rotation.from_matrix(rows["R0_rect"].reshape(3, 3)), [0, 0, 0])
    offset = np.eye(4)
    offset[:3, 3] = np.linalg.inv(K) @ rows["P2"].reshape(3, 4)[:, 3]
    return offset @ rectification @ np.vstack([rows["Tr_velo_to_cam"].reshape(3, 4), [0, 0, 0, 1]])


def of_kitti_raw(content: bytes) -> Matrix:
    """R and T of calib_velo_to_cam.txt, from the archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("calib_velo_to_cam.txt")
    rows = rows_of(text)
    return pose(Rotation.from_matrix(rows["R"].reshape(3, 3)), rows["T"])


def of_nuscenes(content: bytes) -> Matrix:
    """Both sensors stand in the vehicle's frame, with quaternions w x y z."""
    records = json.loads(content)
    in_vehicle = [
        pose(Rotation.from_quat(each["rotation"], scalar_first=True), each["translation"])
        for each in sorted(records, key=lambda each: not each["camera_intrinsic"])
    ]
    camera, lidar = in_vehicle
    np.testing.assert_allclose(max(each["camera_intrinsic"] for each in records), K)
    return np.linalg.inv(camera) @ lidar


def of_ros(content: bytes) -> Matrix:
    """A TransformStamped by the definitions of ROS 2, over the wire format and back, takes the child to the parent."""
    values = yaml.safe_load(content)
    types = ROS.types
    turn, shift = values["transform"]["rotation"], values["transform"]["translation"]
    message = types["geometry_msgs/msg/TransformStamped"](
        header=types["std_msgs/msg/Header"](
            stamp=types["builtin_interfaces/msg/Time"](sec=0, nanosec=0), frame_id=values["header"]["frame_id"]
        ),
        child_frame_id=values["child_frame_id"],
        transform=types["geometry_msgs/msg/Transform"](
            translation=types["geometry_msgs/msg/Vector3"](**shift),
            rotation=types["geometry_msgs/msg/Quaternion"](**turn),
        ),
    )
    wire = ROS.serialize_cdr(message, "geometry_msgs/msg/TransformStamped")
    read: Any = ROS.deserialize_cdr(wire, "geometry_msgs/msg/TransformStamped")
    assert (read.header.frame_id, read.child_frame_id) == ("camera", "lidar")
    rotation, translation = read.transform.rotation, read.transform.translation
    return pose(
        Rotation.from_quat([rotation.x, rotation.y, rotation.z, rotation.w]),
        [translation.x, translation.y, translation.z],
    )


def of_autoware(content: bytes) -> Matrix:
    """X y z roll pitch yaw of a URDF: where the child's body frame stands in its parent's."""
    values = yaml.safe_load(content)["lidar"]["camera"]
    rotation = Rotation.from_euler("xyz", [values[name] for name in ("roll", "pitch", "yaw")])
    T_lidar_body = pose(rotation, [values[name] for name in "xyz"])
    return np.linalg.inv(T_lidar_body @ T_BODY_OPTICAL)


def of_opencalib(content: bytes) -> Matrix:
    """`sensor_calib` takes the sensor to its target."""
    parts = json.loads(content)
    assert list(parts) == ["camera-intrinsic", "lidar-to-camera-extrinsic"]
    np.testing.assert_allclose(parts["camera-intrinsic"]["param"]["cam_K"]["data"], K)
    part = parts["lidar-to-camera-extrinsic"]
    assert (part["sensor_name"], part["target_sensor_name"]) == ("lidar", "camera")
    return np.array(part["param"]["sensor_calib"]["data"])


def of_opencv(content: bytes) -> Matrix:
    """OpenCV's own FileStorage."""
    storage = cv2.FileStorage(content.decode(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    np.testing.assert_allclose(storage.getNode("camera_matrix").mat(), K)
    return np.asarray(storage.getNode("T_cam_lidar").mat())


def of_json(content: bytes) -> Matrix:
    """The result itself."""
    return np.array(json.loads(content)["T_cam_lidar"])


READERS: dict[str, Callable[[bytes], Matrix]] = {
    "kitti": of_kitti,
    "kitti-object": of_kitti_object,
    "kitti-raw": of_kitti_raw,
    "nuscenes": of_nuscenes,
    "ros": of_ros,
    "autoware": of_autoware,
    "opencalib": of_opencalib,
    "opencv": of_opencv,
    "json": of_json,
}


def rows_of(content: bytes) -> dict[str, Matrix]:
    """Return the numbers of each `name: ...` line."""
    parts = (line.partition(":") for line in content.decode().splitlines())
    return {name: np.array(numbers.split(), float) for name, _, numbers in parts}


@pytest.mark.parametrize("chosen", READERS)
def test_the_same_matrix_comes_back(extrinsic: Matrix, chosen: str) -> None:
    """To the last digits of a float."""
    np.testing.assert_allclose(READERS[chosen](exported(extrinsic, chosen)), extrinsic, atol=1e-9)


def test_no_format_is_left_out() -> None:
    """What holds an extrinsic is read above; camera_info, which holds none, below; `semalign` by its own tests."""
    assert {each.value for each in ExportFormat} == {*READERS, "ros-camera-info", "semalign"}


def test_a_distorted_camera_by_the_definitions_of_ros() -> None:
    """The numbers of camera_info make a message, and OpenCV projects with them as with ours."""
    values = yaml.safe_load(exported(np.eye(4), "ros-camera-info", DISTORTION))
    message: Any = ROS.types["sensor_msgs/msg/CameraInfo"](
        header=ROS.types["std_msgs/msg/Header"](
            stamp=ROS.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0), frame_id=values["camera_name"]
        ),
        height=values["image_height"],
        width=values["image_width"],
        distortion_model=values["distortion_model"],
        d=np.array(values["distortion_coefficients"]["data"]),
        k=np.array(values["camera_matrix"]["data"]),
        r=np.array(values["rectification_matrix"]["data"]),
        p=np.array(values["projection_matrix"]["data"]),
        binning_x=0,
        binning_y=0,
        roi=ROS.types["sensor_msgs/msg/RegionOfInterest"](x_offset=0, y_offset=0, height=0, width=0, do_rectify=False),
    )
    wire = ROS.serialize_cdr(message, "sensor_msgs/msg/CameraInfo")
    read: Any = ROS.deserialize_cdr(wire, "sensor_msgs/msg/CameraInfo")
    assert (read.width, read.height, read.distortion_model) == (1241, 376, "plumb_bob")
    points = np.random.default_rng(0).uniform([-5, -2, 5], [5, 2, 30], (20, 3))
    ours, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), K, np.array(DISTORTION))
    theirs, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), read.k.reshape(3, 3), read.d)
    np.testing.assert_allclose(theirs, ours)


def test_a_file_on_disk_reads_the_same(tmp_path: Path, extrinsic: Matrix) -> None:
    """OpenCV opens the file by its name, which has the ending it goes by."""
    path = tmp_path / "calibration.yaml"
    path.write_bytes(exported(extrinsic, "opencv"))
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
    np.testing.assert_allclose(storage.getNode("T_cam_lidar").mat(), extrinsic, atol=1e-12)
