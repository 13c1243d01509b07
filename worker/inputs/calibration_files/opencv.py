"""OpenCV's FileStorage YAML: matrices by name. The names are a habit, not a standard; the usual ones are known.

Without a `camera_model` of ours, the model is a pinhole unless the file says otherwise: OpenCV's calibration program
marks a fisheye with `fisheye_model: 1`, Autoware.AI names `DistModel`, and only an omnidirectional camera has an `xi`.

The extrinsic is `T_cam_lidar`, or `CameraExtrinsicMat` of Autoware.AI's calibration files, which takes camera
coordinates to LiDAR coordinates, as those files define it.
"""

from pathlib import Path
from typing import Any

import numpy as np

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.structured import entry, parse_yaml_mapping, read_text
from worker.inputs.calibration_files.values import image_size, matrix, model_of_ros, number, numbers, rigid, text_of
from worker.inputs.camera_model import CameraModel
from worker.inputs.json_file import parse_json_object
from worker.inputs.rigid import inverse_rigid

_MATRIX_NAMES = ("camera_matrix", "CameraMat", "cameraMatrix", "Camera_Matrix", "intrinsic_matrix", "K")
_DISTORTION_NAMES = (
    "distortion_coefficients",
    "DistCoeff",
    "distCoeffs",
    "Distortion_Coefficients",
    "dist_coeffs",
    "D",
)


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the camera, the extrinsic, or both, as far as they are there."""
    values, what = parse_yaml_mapping(read_text(path), str(path)), str(path)
    camera = _camera(values, what)
    T_cam_lidar = None
    if "T_cam_lidar" in values:
        T_cam_lidar = rigid(matrix(_data(values["T_cam_lidar"], what), 4, 4, "T_cam_lidar"), f"T_cam_lidar of {what}")
    elif "CameraExtrinsicMat" in values:
        T_lidar_cam = matrix(_data(values["CameraExtrinsicMat"], what), 4, 4, "CameraExtrinsicMat")
        T_cam_lidar = inverse_rigid(rigid(T_lidar_cam, f"CameraExtrinsicMat of {what}"))
    if camera is None and T_cam_lidar is None:
        raise invalid(
            f"{what} has no camera_matrix and no T_cam_lidar; it has {', '.join(map(str, list(values)[:20]))}."
        )
    width, height = values.get("image_width"), values.get("image_height")
    if "ImageSize" in values:
        width, height = numbers(values["ImageSize"], 2, f"ImageSize of {what}")
    return SensorCalibration(
        camera=camera,
        image_size=image_size(width, height, what),
        T_cam_lidar=T_cam_lidar,
        camera_frame=str(values.get("camera_frame") or choice.camera or "camera"),
        lidar_frame=str(values.get("lidar_frame") or choice.lidar or "lidar"),
    )


def write(calibration: SensorCalibration) -> str:
    """Write what there is, with the frames' names."""
    lines = ["%YAML:1.0", "---"]
    if calibration.image_size is not None:
        lines += [
            f"image_{side}: {size}" for side, size in zip(("width", "height"), calibration.image_size, strict=True)
        ]
    camera = calibration.camera
    if camera is not None:
        lines += [f"camera_model: {camera.model}", *_matrix_lines("camera_matrix", camera.matrix())]
        lines += _matrix_lines("distortion_coefficients", np.array([camera.coefficients() or (0.0,) * 4]))
        lines += [f"{name}: {value!r}" for name in ("xi", "alpha") if (value := getattr(camera, name)) is not None]
    if calibration.T_cam_lidar is not None:
        lines += _matrix_lines("T_cam_lidar", calibration.T_cam_lidar)
    lines += [f'camera_frame: "{calibration.camera_frame}"', f'lidar_frame: "{calibration.lidar_frame}"']
    return "\n".join(lines) + "\n"


def _camera(values: dict[str, Any], what: str) -> CameraModel | None:
    K = next((values[name] for name in _MATRIX_NAMES if name in values), None)
    if K is None:
        return None
    distortion: Any = next((values[name] for name in _DISTORTION_NAMES if name in values), [])
    fields: dict[str, object] = {
        "model": _model_of(values, what),
        "K": matrix(_data(K, what), 3, 3, f"The camera matrix of {what}").tolist(),
        "distortion": numbers(_data(distortion, what), None, f"The distortion of {what}"),
    }
    fields |= {
        name: numbers(_data(values[name], what), 1, f"{name} of {what}")[0]
        for name in ("xi", "alpha")
        if name in values
    }
    return parse_json_object(CameraModel, fields, what)


def _model_of(values: dict[str, Any], what: str) -> str:
    """Return the name of the camera model, as the file says it in one of several ways."""
    if "camera_model" in values:
        return str(values["camera_model"])
    if number(values.get("fisheye_model", 0), f"fisheye_model of {what}"):
        return "fisheye"
    if "xi" in values:
        return "double_sphere" if "alpha" in values else "omnidirectional"
    return model_of_ros(str(values.get("DistModel") or "plumb_bob"), f"The DistModel of {what}")


def _data(value: Any, what: str) -> Any:
    return entry(value, "data", what) if isinstance(value, dict) else value


def _matrix_lines(name: str, values: np.ndarray) -> list[str]:
    rows, columns = values.shape
    data = text_of(values).replace(" ", ", ")
    return [
        f"{name}: !!opencv-matrix",
        f"   rows: {rows}",
        f"   cols: {columns}",
        "   dt: d",
        f"   data: [ {data} ]",
    ]
