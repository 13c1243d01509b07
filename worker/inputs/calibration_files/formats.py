"""The formats of calibration files by name, and which of them a file has."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from worker.inputs.calibration_files import (
    autoware,
    kitti_object,
    kitti_odometry,
    kitti_raw,
    nuscenes,
    opencalib,
    opencv,
    ros_camera_info,
    ros_static_transform,
    semalign,
)
from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.kitti_text import parse_entries
from worker.inputs.calibration_files.structured import parse_json_value, parse_yaml_mapping, read_text


@dataclass(frozen=True)
class CalibrationFormat:
    """One format.

    Attributes:
        read: reads a file or a folder.
        write: returns the text of the file, or of several files by their names in a folder.
        holds_camera: whether it has a place for intrinsics.
        holds_extrinsic: whether it has a place for an extrinsic.
    """

    read: Callable[[Path, FrameChoice], SensorCalibration]
    write: Callable[[SensorCalibration], str | dict[str, str]]
    holds_camera: bool = True
    holds_extrinsic: bool = True


FORMATS: dict[str, CalibrationFormat] = {
    "semalign": CalibrationFormat(semalign.read, semalign.write),
    "kitti-odometry": CalibrationFormat(kitti_odometry.read, kitti_odometry.write),
    "kitti-object": CalibrationFormat(kitti_object.read, kitti_object.write),
    "kitti-raw": CalibrationFormat(kitti_raw.read, kitti_raw.write),
    "nuscenes": CalibrationFormat(nuscenes.read, nuscenes.write),
    "ros-camera-info": CalibrationFormat(ros_camera_info.read, ros_camera_info.write, holds_extrinsic=False),
    "ros-static-transform": CalibrationFormat(
        ros_static_transform.read, ros_static_transform.write, holds_camera=False
    ),
    "autoware": CalibrationFormat(autoware.read, autoware.write, holds_camera=False),
    "opencalib": CalibrationFormat(opencalib.read, opencalib.write),
    "opencv": CalibrationFormat(opencv.read, opencv.write),
}


def read_calibration(path: Path, name: str | None = None, choice: FrameChoice | None = None) -> SensorCalibration:
    """Read a calibration file.

    Args:
        path: the file, or the folder of a format that has several.
        name: its format; None to go by the content.
        choice: which of the file's frames are meant.

    Raises:
        InputError: the file cannot be used; the sentence says why.
    """
    return FORMATS[name or format_of(path)].read(path, choice or FrameChoice())


def format_of(path: Path) -> str:
    """Return the name of the format that a file has.

    Raises:
        InputError: it cannot be read, or has none that is known.
    """
    if path.is_dir():
        if (path / kitti_raw.CAMERAS).is_file():
            return "kitti-raw"
        if (path / nuscenes.TABLE).is_file():
            return "nuscenes"
        return "semalign" if (path / "gt.json").is_file() else "opencalib"
    text = read_text(path)
    found = _of_json(text, path) if text.lstrip()[:1] in {"{", "["} else _of_kitti(text) or _of_yaml(text, path)
    if found is None:
        raise invalid(f"{path} is of no known format: say which with --from ({', '.join(FORMATS)}).")
    return found


def _of_json(text: str, path: Path) -> str:
    value = parse_json_value(text, str(path))
    if isinstance(value, list) or "camera_intrinsic" in value:
        return "nuscenes"
    if isinstance(value.get("K"), list) and len(value["K"]) == 9:
        return "ros-camera-info"
    nested = [part for part in value.values() if isinstance(part, dict)]
    return "opencalib" if any("param_type" in part for part in nested) else "semalign"


def _of_kitti(text: str) -> str | None:
    names = set(parse_entries(text))
    if "Tr_velo_to_cam" in names:
        return "kitti-object"
    # Without P2 or Tr, its reader says what is missing.
    if names & {"P0", "P1", "P2", "P3"}:
        return "kitti-odometry"
    return "kitti-raw" if names & {"P_rect_00", "P_rect_02"} or {"R", "T", "delta_f"} <= names else None


def _of_yaml(text: str, path: Path) -> str | None:
    if text.startswith("%YAML:") or "!!opencv-matrix" in text:
        return "opencv"
    values = parse_yaml_mapping(text, str(path))
    if "child_frame_id" in values or "transforms" in values:
        return "ros-static-transform"
    if {"camera_matrix", "K", "k"} & set(values):
        return "ros-camera-info"
    nested = [child for part in values.values() if isinstance(part, dict) for child in part.values()]
    return "autoware" if any(isinstance(child, dict) and "roll" in child for child in nested) else None
