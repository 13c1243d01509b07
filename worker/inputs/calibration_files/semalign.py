"""semalign's own JSON: the `camera` and `initial` of a request, one alone, a result, or a frame's `gt.json`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.structured import mapping, parse_json_value, read_text
from worker.inputs.calibration_files.values import image_size
from worker.inputs.camera_model import CameraModel
from worker.inputs.initial_extrinsic import InitialExtrinsic
from worker.inputs.json_file import parse_json_object

_CAMERA_FIELDS = ("model", "K", "distortion", "xi", "alpha")


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the camera, the extrinsic, or both, as far as they are there."""
    file = path / "gt.json" if path.is_dir() else path
    values, what = mapping(parse_json_value(read_text(file), str(file)), str(file)), str(file)
    camera = values.get("camera")
    if camera is None and "K" in values:
        camera = {name: values[name] for name in _CAMERA_FIELDS if values.get(name) is not None}
    initial = values.get("initial")
    if initial is None and "T_cam_lidar" in values:
        initial = {"T_cam_lidar": values["T_cam_lidar"]}
    elif initial is None and "translation_m" in values:
        initial = values
    if camera is None and initial is None:
        raise invalid(f"{what} has neither a camera (K) nor an extrinsic (T_cam_lidar).")
    return SensorCalibration(
        camera=None if camera is None else parse_json_object(CameraModel, camera, what),
        image_size=image_size(values.get("image_width"), values.get("image_height"), what),
        T_cam_lidar=None if initial is None else parse_json_object(InitialExtrinsic, initial, what).matrix(),
        camera_frame=str(values.get("camera_frame") or choice.camera or "camera"),
        lidar_frame=str(values.get("lidar_frame") or choice.lidar or "lidar"),
    )


def write(calibration: SensorCalibration) -> str:
    """Write what there is, with the frames' names."""
    values: dict[str, Any] = {"camera_frame": calibration.camera_frame, "lidar_frame": calibration.lidar_frame}
    if calibration.image_size is not None:
        values["image_width"], values["image_height"] = calibration.image_size
    if calibration.camera is not None:
        values["camera"] = calibration.camera.model_dump(mode="json", exclude_none=True)
    if calibration.T_cam_lidar is not None:
        values["initial"] = {"T_cam_lidar": np.asarray(calibration.T_cam_lidar).tolist()}
    return json.dumps(values, indent=1) + "\n"
