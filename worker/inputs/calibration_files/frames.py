"""Choosing frames by name, and the way from one to another through a tree of transforms."""

from collections.abc import Iterable, Mapping

import numpy as np

from worker.inputs.calibration_files.calibration import CameraAxes, FrameChoice, SensorCalibration, invalid
from worker.inputs.rigid import Matrix, inverse_rigid

Transforms = Mapping[tuple[str, str], Matrix]
"""(parent, child) -> T_parent_child (4, 4): p_parent = T_parent_child @ p_child."""

CAMERA_WORDS = ("cam",)
LIDAR_WORDS = ("lidar", "velodyne", "laser", "ouster", "hesai", "pandar", "livox")

T_BODY_OPTICAL = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""From x right, y down, z forward to x forward, y left, z up."""


def choose(names: Iterable[str], wanted: str | None, words: tuple[str, ...], option: str, what: str) -> str:
    """Return the frame that is wanted or, where nobody said, the only one whose name says what it is.

    Raises:
        InputError: it is not there, or several could be meant.
    """
    names = sorted(set(names))
    if wanted is not None:
        if wanted in names:
            return wanted
        raise invalid(f"{what} has no frame {wanted!r}; it has {', '.join(names[:30])}.")
    fitting = [name for name in names if any(word in name.lower() for word in words)]
    if len(fitting) != 1:
        raise invalid(f"Say with {option} which frame of {what} is meant: {', '.join(names[:30]) or 'it has none'}.")
    return fitting[0]


def extrinsic_between(
    transforms: Transforms, choice: FrameChoice, default_axes: CameraAxes, what: str
) -> SensorCalibration:
    """Return the extrinsic between the camera and the LiDAR of a tree of frames.

    Raises:
        InputError: a frame is not there, not said, or the two are not connected.
    """
    names = {name for pair in transforms for name in pair}
    camera = choose(names, choice.camera, CAMERA_WORDS, "--camera-frame", what)
    lidar = choose(names, choice.lidar, LIDAR_WORDS, "--lidar-frame", what)
    T_cam_lidar = _way(transforms, camera, lidar, what)
    axes = choice.axes or ("optical" if "optical" in camera else default_axes)
    if axes == "body":
        T_cam_lidar = inverse_rigid(T_BODY_OPTICAL) @ T_cam_lidar
    return SensorCalibration(T_cam_lidar=T_cam_lidar, camera_frame=camera, lidar_frame=lidar)


def _way(transforms: Transforms, target: str, source: str, what: str) -> Matrix:
    """Return T_target_source."""
    neighbours: dict[str, list[tuple[str, Matrix]]] = {}
    for (parent, child), T_parent_child in transforms.items():
        neighbours.setdefault(parent, []).append((child, T_parent_child))
        neighbours.setdefault(child, []).append((parent, inverse_rigid(T_parent_child)))
    reached = {target: np.eye(4)}
    pending = [target]
    while pending:
        name = pending.pop()
        for neighbour, transform in neighbours.get(name, []):
            if neighbour not in reached:
                reached[neighbour] = reached[name] @ transform
                pending.append(neighbour)
    if source not in reached:
        raise invalid(f"{what} says nothing about how {target!r} and {source!r} are mounted to each other.")
    return reached[source]
