"""ROS `camera_info` YAML, as camera_calibration writes it and camera_info_manager reads it: intrinsics only."""

from pathlib import Path
from typing import Any

import yaml

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.structured import entry, mapping, parse_yaml_mapping, read_text
from worker.inputs.calibration_files.values import camera_model, image_size, matrix, model_of_ros, numbers


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the camera; `camera_matrix` may be a matrix with `data`, or the nine numbers `K` or `k` of a message."""
    values = parse_yaml_mapping(read_text(path), str(path))
    model = model_of_ros(str(values.get("distortion_model") or "plumb_bob"), f"The distortion_model of {path}")
    _check_whole_image(values, path)
    K = _data(next((values[name] for name in ("camera_matrix", "K", "k") if name in values), None), path)
    names = ("distortion_coefficients", "D", "d")
    coefficients: Any = next((values[name] for name in names if values.get(name) is not None), [])
    header = values.get("header")
    name = values.get("camera_name") or (header.get("frame_id") if isinstance(header, dict) else None) or "camera"
    return SensorCalibration(
        camera=camera_model(
            matrix(K, 3, 3, f"The camera matrix of {path}"),
            str(path),
            model=model,
            distortion=numbers(_data(coefficients, path), None, f"The distortion of {path}"),
        ),
        image_size=image_size(
            values.get("image_width", values.get("width")), values.get("image_height", values.get("height")), str(path)
        ),
        camera_frame=str(name),
    )


def write(calibration: SensorCalibration) -> str:
    """Write the camera, with the projection matrix of an image that is not rectified."""
    camera = calibration.known_camera("ROS camera_info")
    if camera.model not in {"pinhole", "fisheye"}:
        raise invalid(f"ROS camera_info knows no {camera.model} cameras: write another format.")
    coefficients = list(camera.coefficients())
    if camera.model == "fisheye":
        model, least = "equidistant", 4
    else:
        model, least = ("rational_polynomial", 8) if len(coefficients) == 8 else ("plumb_bob", 5)
    coefficients += [0.0] * (least - len(coefficients))
    width, height = calibration.image_size or (0, 0)
    K = [value for row in camera.K for value in row]
    projection = [value for row in camera.K for value in (*row, 0.0)]
    return yaml.safe_dump(
        {
            "image_width": width,
            "image_height": height,
            "camera_name": calibration.camera_frame,
            "camera_matrix": {"rows": 3, "cols": 3, "data": K},
            "distortion_model": model,
            "distortion_coefficients": {"rows": 1, "cols": len(coefficients), "data": coefficients},
            "rectification_matrix": {"rows": 3, "cols": 3, "data": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]},
            "projection_matrix": {"rows": 3, "cols": 4, "data": projection},
        },
        sort_keys=False,
        default_flow_style=None,
    )


def _check_whole_image(values: dict[str, Any], path: Path) -> None:
    """Refuse a message about a part of the image, or a binned one: its K is that of the whole image."""
    region = values.get("roi") or {}
    parts = mapping(region, f"'roi' of {path}")
    size = [(parts.get(side), values.get(f"image_{side}", values.get(side))) for side in ("width", "height")]
    is_cropped = any(parts.get(offset) for offset in ("x_offset", "y_offset"))
    is_cropped |= any(part and part != whole for part, whole in size)
    binning = [values.get(name) or 1 for name in ("binning_x", "binning_y")]
    if is_cropped or binning != [1, 1]:
        raise invalid(
            f"{path} is of a cropped or binned image (roi, binning_x, binning_y), but its K is of the whole one: write "
            "K of the image as it is, and leave these out."
        )


def _data(value: Any, path: Path) -> Any:
    if value is None:
        raise invalid(f"{path} has no camera_matrix: is this a camera_info?")
    return entry(mapping(value, str(path)), "data", str(path)) if isinstance(value, dict) else value
