"""The result of a job as the calibration file of another tool."""

import io
import json
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from worker.inputs.calibration_files import FORMATS, SensorCalibration
from worker.inputs.camera_model import CameraModel


class ExportFormat(StrEnum):
    """What a result can be downloaded as."""

    JSON = "json"
    SEMALIGN = "semalign"
    KITTI = "kitti"
    KITTI_OBJECT = "kitti-object"
    KITTI_RAW = "kitti-raw"
    NUSCENES = "nuscenes"
    ROS = "ros"
    ROS_CAMERA_INFO = "ros-camera-info"
    AUTOWARE = "autoware"
    OPENCALIB = "opencalib"
    OPENCV = "opencv"


# Formats that are called otherwise here, and the endings of all that are no JSON.
_WRITER: Final = {ExportFormat.KITTI: "kitti-odometry", ExportFormat.ROS: "ros-static-transform"}
_ENDING: Final = {
    ExportFormat.KITTI: ".txt",
    ExportFormat.KITTI_OBJECT: ".txt",
    ExportFormat.ROS: ".yaml",
    ExportFormat.ROS_CAMERA_INFO: ".yaml",
    ExportFormat.AUTOWARE: ".yaml",
    ExportFormat.OPENCV: ".yaml",
}
_MEDIA_TYPE: Final = {".json": "application/json", ".txt": "text/plain", ".yaml": "application/yaml"}


@dataclass(frozen=True)
class ExportedFile:
    """A file to download."""

    name: str
    media_type: str
    content: bytes


def export(result: dict[str, Any], view: dict[str, Any], chosen: ExportFormat) -> ExportedFile:
    """Write a result in a format.

    Args:
        result: The `result` object of the job.
        view: Its `view.json`, which holds the camera.
        chosen: The format; one of several files becomes a zip archive.

    Raises:
        InputError: The format has no place for this camera.
    """
    if chosen is ExportFormat.JSON:
        return _file(chosen, ".json", json.dumps(result, indent=1) + "\n")
    calibration = SensorCalibration(
        camera=CameraModel.model_validate_json(json.dumps(view["camera"])),
        image_size=(view["image_width"], view["image_height"]),
        T_cam_lidar=np.array(result["T_cam_lidar"]),
    )
    written = FORMATS[_WRITER.get(chosen, chosen.value)].write(calibration)
    if isinstance(written, str):
        return _file(chosen, _ENDING.get(chosen, ".json"), written)
    return ExportedFile(f"calibration-{chosen}.zip", "application/zip", _zip(written))


def _file(chosen: ExportFormat, ending: str, text: str) -> ExportedFile:
    return ExportedFile(f"calibration-{chosen}{ending}", _MEDIA_TYPE[ending], text.encode())


def _zip(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
