"""OpenCalib's (SensorsCalibration) JSON: `a-intrinsic` with cam_K and cam_dist, `a-to-b-extrinsic` with sensor_calib.

An extrinsic takes coordinates in `sensor_name` to coordinates in `target_sensor_name`. Both kinds may stand in one
file; a folder is read as all its JSON files together.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.frames import CAMERA_WORDS, choose, extrinsic_between
from worker.inputs.calibration_files.structured import MOST_BYTES, entry, mapping, parse_json_value, read_text
from worker.inputs.calibration_files.values import camera_model, image_size, matrix, numbers, rigid

_MOST_FILES = 100


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the camera, the extrinsic, or both, as far as they are there."""
    parts = [part for file in _files(path) for part in _parts(read_text(file), str(file))]
    intrinsics = {
        str(part.get("sensor_name")): mapping(entry(part, "param", str(path)), f"'param' of {path}")
        for part in parts
        if part.get("param_type") == "intrinsic" and part.get("device_type") == "camera"
    }
    transforms = {
        (str(part.get("target_sensor_name")), str(part.get("sensor_name"))): _transform(part, str(path))
        for part in parts
        if part.get("param_type") == "extrinsic"
    }
    if not intrinsics and not transforms:
        raise invalid(f"{path} has neither a camera's intrinsic nor an extrinsic of OpenCalib.")
    found = extrinsic_between(transforms, choice, "optical", str(path)) if transforms else SensorCalibration()
    wanted = choice.camera or (found.camera_frame if transforms else None)
    if not intrinsics or (transforms and wanted not in intrinsics):
        return found
    name = choose(intrinsics, wanted or _only(list(intrinsics)), CAMERA_WORDS, "--camera-frame", str(path))
    param = intrinsics[name]
    model = camera_model(
        matrix(_data(param, "cam_K", name), 3, 3, f"cam_K of {name}"),
        str(path),
        distortion=numbers(_data(param, "cam_dist", name), None, f"cam_dist of {name}") if "cam_dist" in param else [],
    )
    size = image_size(param.get("img_dist_w"), param.get("img_dist_h"), name)
    return SensorCalibration(model, size, found.T_cam_lidar, name, found.lidar_frame)


def write(calibration: SensorCalibration) -> str:
    """Write what there is into one file."""
    camera, lidar = calibration.camera_frame, calibration.lidar_frame
    parts: dict[str, object] = {}
    if calibration.camera is not None:
        if calibration.camera.model != "pinhole":
            raise invalid(f"OpenCalib's JSON knows no {calibration.camera.model} cameras: write another format.")
        width, height = calibration.image_size or (0, 0)
        distortion = list(calibration.camera.coefficients()) or [0.0] * 4
        param = {
            "img_dist_w": width,
            "img_dist_h": height,
            "cam_K": _matrix_object(calibration.camera.matrix().tolist()),
            "cam_dist": _matrix_object([distortion]),
        }
        parts[f"{camera}-intrinsic"] = _part(camera, camera, "camera", "intrinsic", param)
    if calibration.T_cam_lidar is not None:
        param = {"time_lag": 0, "sensor_calib": _matrix_object(calibration.T_cam_lidar.tolist())}
        parts[f"{lidar}-to-{camera}-extrinsic"] = _part(lidar, camera, "relational", "extrinsic", param)
    return json.dumps(parts, indent=4) + "\n"


def _files(path: Path) -> list[Path]:
    """Return the files to read; together they may be as large as one."""
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.json"))[:_MOST_FILES]
    if sum(file.stat().st_size for file in files if file.is_file()) > MOST_BYTES:
        raise invalid(f"The JSON files of {path} are larger than {MOST_BYTES >> 20} MiB together: keep those meant.")
    return files


def _parts(text: str, what: str) -> list[dict[str, Any]]:
    values = mapping(parse_json_value(text, what), what).values()
    return [value for value in values if isinstance(value, dict) and "param_type" in value]


def _transform(part: dict[str, Any], what: str) -> np.ndarray:
    name = f"{part.get('sensor_name')} to {part.get('target_sensor_name')} of {what}"
    param = mapping(entry(part, "param", name), name)
    return rigid(matrix(_data(param, "sensor_calib", name), 4, 4, name), name)


def _data(param: dict[str, Any], key: str, what: str) -> Any:
    return entry(mapping(entry(param, key, what), f"{key} of {what}"), "data", f"{key} of {what}")


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _matrix_object(rows: list[list[float]]) -> dict[str, object]:
    return {"rows": len(rows), "cols": len(rows[0]), "type": 6, "continuous": True, "data": rows}


def _part(sensor: str, target: str, device: str, kind: str, param: dict[str, object]) -> dict[str, object]:
    return {
        "sensor_name": sensor,
        "target_sensor_name": target,
        "device_type": device,
        "param_type": kind,
        "param": param,
    }
