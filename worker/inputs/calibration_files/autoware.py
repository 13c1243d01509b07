"""Autoware's `sensors_calibration.yaml` and `sensor_kit_calibration.yaml`: parent, child, x y z roll pitch yaw.

Metres and radians, about fixed axes. A camera's frame (`camera0/camera_link`) has x forward, y left and z up, unless
its name says `optical`. Extrinsics only: Autoware keeps intrinsics in ROS camera_info.
"""

import math
from pathlib import Path
from typing import Any

import yaml

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration, invalid
from worker.inputs.calibration_files.frames import T_BODY_OPTICAL, extrinsic_between
from worker.inputs.calibration_files.structured import entry, mapping, parse_yaml_mapping, read_text
from worker.inputs.calibration_files.values import number, pose, rigid
from worker.inputs.rigid import Matrix, inverse_rigid, rotation_from_rpy, rpy_from_rotation

# A full turn, with room for rounding.
_MAX_ANGLE_RAD = 2 * math.pi + 0.01


def read(path: Path, choice: FrameChoice) -> SensorCalibration:
    """Read the transform between the camera and the LiDAR, over other frames where need be."""
    parents = parse_yaml_mapping(read_text(path), str(path))
    transforms = {
        (str(parent), str(child)): _transform(mapping(values, f"{child} of {path}"), f"{path}, {child} in {parent}")
        for parent, children in parents.items()
        for child, values in mapping(children, f"{parent} of {path}").items()
    }
    return extrinsic_between(transforms, choice, "body", str(path))


def write(calibration: SensorCalibration) -> str:
    """Write where the camera sits in the LiDAR's frame."""
    T_lidar_cam = inverse_rigid(calibration.known_extrinsic("Autoware's calibration"))
    if "optical" not in calibration.camera_frame:
        T_lidar_cam = T_lidar_cam @ inverse_rigid(T_BODY_OPTICAL)
    x, y, z = T_lidar_cam[:3, 3].tolist()
    roll, pitch, yaw = rpy_from_rotation(T_lidar_cam[:3, :3]).tolist()
    place = {"x": x, "y": y, "z": z, "roll": roll, "pitch": pitch, "yaw": yaw}
    return yaml.safe_dump({calibration.lidar_frame: {calibration.camera_frame: place}}, sort_keys=False)


def _transform(values: dict[str, Any], what: str) -> Matrix:
    x, y, z, roll, pitch, yaw = (
        number(entry(values, name, what), f"{name} of {what}") for name in ("x", "y", "z", "roll", "pitch", "yaw")
    )
    largest = max(abs(roll), abs(pitch), abs(yaw))
    if largest > _MAX_ANGLE_RAD:
        raise invalid(f"{what} has an angle of {largest:g}, more than a full turn of 2 pi: write radians, not degrees.")
    return rigid(pose(rotation_from_rpy(roll, pitch, yaw), [x, y, z]), what)
