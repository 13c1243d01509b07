"""nuScenes' `calibrated_sensor.json`: where each sensor sits on the vehicle, and the intrinsics of the cameras.

Channels (CAM_FRONT, LIDAR_TOP) are known where `sensor.json` lies beside it; otherwise sensors go by their tokens.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.frames import CAMERA_WORDS, LIDAR_WORDS, choose
from worker.inputs.calibration_files.structured import entry, mapping, parse_json_value, read_text
from worker.inputs.calibration_files.values import camera_model, matrix, numbers, pose, rigid
from worker.inputs.rigid import Matrix, inverse_rigid, quaternion_wxyz_from_rotation, rotation_from_quaternion_wxyz

TABLE = "calibrated_sensor.json"
_MOST_SENSOR_BYTES = 256 * 2**10


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read a camera and a LiDAR, each by channel, `sensor_token` or `token`; a folder has the table in it."""
    path = path / TABLE if path.is_dir() else path
    records = _records(read_text(path), str(path))
    channels = _channels(path.with_name("sensor.json"))
    for record in records:
        record.setdefault("channel", channels.get(str(record.get("sensor_token"))))
    cameras = [record for record in records if record.get("camera_intrinsic")]
    camera, camera_frame = _find(cameras, choice.camera, CAMERA_WORDS, "--camera-frame", str(path))
    model = camera_model(matrix(camera["camera_intrinsic"], 3, 3, "camera_intrinsic"), str(path))
    others = [record for record in records if not record.get("camera_intrinsic")]
    if not others:
        return SensorCalibration(camera=model, camera_frame=camera_frame)
    lidar, lidar_frame = _find(others, choice.lidar, LIDAR_WORDS, "--lidar-frame", str(path))
    T_cam_lidar = inverse_rigid(_mounting(camera)) @ _mounting(lidar)
    return SensorCalibration(camera=model, T_cam_lidar=T_cam_lidar, camera_frame=camera_frame, lidar_frame=lidar_frame)


def write(calibration: SensorCalibration) -> str:
    """Write both sensors, in the LiDAR's frame in place of the vehicle's."""
    what = "nuScenes' calibrated_sensor.json"
    T_lidar_cam = inverse_rigid(calibration.known_extrinsic(what))
    intrinsic = calibration.known_rectified(what).matrix().tolist()
    records = [
        _record(calibration.camera_frame, T_lidar_cam, intrinsic),
        _record(calibration.lidar_frame, np.eye(4), []),
    ]
    return json.dumps(records, indent=1) + "\n"


def _records(text: str, what: str) -> list[dict[str, Any]]:
    value = parse_json_value(text, what)
    records = value if isinstance(value, list) else [value]
    return [mapping(record, f"Each record of {what}") for record in records]


def _channels(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    # A vehicle has a dozen sensors.
    if path.stat().st_size > _MOST_SENSOR_BYTES:
        raise invalid(f"{path} is larger than {_MOST_SENSOR_BYTES >> 10} KiB: is this nuScenes' table of sensors?")
    return {str(record.get("token")): str(record.get("channel")) for record in _records(read_text(path), str(path))}


def _find(
    records: list[dict[str, Any]], wanted: str | None, words: tuple[str, ...], option: str, what: str
) -> tuple[dict[str, Any], str]:
    """Return the record that is meant, and its name."""
    if len(records) == 1 and wanted is None:
        return records[0], _name(records[0])
    exact = [record for record in records if wanted is not None and wanted in {record.get("token"), _name(record)}]
    name = choose(map(_name, records), None if exact else wanted, words, option, what) if not exact else wanted
    found = exact or [record for record in records if _name(record) == name]
    if len(found) > 1:
        tokens = ", ".join(str(record.get("token")) for record in found[:10])
        raise invalid(f"{what} has {len(found)} calibrations of {name!r}: name one by its token, {option}: {tokens}.")
    return found[0], _name(found[0])


def _name(record: dict[str, Any]) -> str:
    return str(record.get("channel") or record.get("sensor_token") or record.get("token"))


def _mounting(record: dict[str, Any]) -> Matrix:
    """Return T_ego_sensor."""
    what = f"The calibration of {_name(record)}"
    quaternion = np.array(numbers(entry(record, "rotation", what), 4, f"{what}, rotation"))
    if abs(np.linalg.norm(quaternion) - 1) > 1e-3:
        raise invalid(f"{what} has a rotation of length {np.linalg.norm(quaternion):.6g}, not 1.")
    translation = numbers(entry(record, "translation", what), 3, f"{what}, translation")
    return rigid(pose(rotation_from_quaternion_wxyz(quaternion), translation), what)


def _record(name: str, T_ego_sensor: Matrix, intrinsic: list[list[float]]) -> dict[str, object]:
    return {
        "token": name,
        "sensor_token": name,
        "translation": T_ego_sensor[:3, 3].tolist(),
        "rotation": quaternion_wxyz_from_rotation(T_ego_sensor[:3, :3]).tolist(),
        "camera_intrinsic": intrinsic,
    }
