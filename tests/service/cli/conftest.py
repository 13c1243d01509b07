"""A small labelled frame as files, of the kind `semalign calibrate` takes."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 320, 120
K = np.array([[160.0, 0, 159.5], [0, 160.0, 39.5], [0, 0, 1]])
T_CAM_LIDAR = np.array([[0.0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]])
CLASSES = {"0": "sky", "1": "road", "2": "sidewalk", "3": "car"}
QUICK = {"num_samples": 50, "num_iterations": 20, "min_points_in_view": 100}


@dataclass
class CalibrateFiles:
    """The files of one calibration, and the arguments that name them; tests change either."""

    folder: Path
    arguments: dict[str, Any] = field(default_factory=dict)

    def write_json(self, name: str, value: Any) -> Path:
        """Write a JSON file into the folder."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(value))
        return path

    def command_line(self, **changes: Any) -> list[str]:
        """Return the arguments of `semalign calibrate`; None leaves an option out, a list repeats it."""
        words = ["calibrate"]
        for option, value in {**self.arguments, **changes}.items():
            for each in value if isinstance(value, list) else [] if value is None else [value]:
                words += [f"--{option.replace('_', '-')}", str(each)]
        return words


@pytest.fixture
def files(tmp_path: Path) -> CalibrateFiles:
    """Return a street seen from the front, with its labels and an extrinsic that is 3 degrees wrong in yaw."""
    files = _street(tmp_path / "frame", step=1)
    folder = files.folder
    files.arguments = {
        "image": folder / "image.png",
        "point_cloud": folder / "cloud.bin",
        "camera": files.write_json("camera", {"K": K.tolist()}),
        "initial": files.write_json("initial", {"T_cam_lidar": (_turned(3.0) @ T_CAM_LIDAR).tolist()}),
        "image_labels": folder / "image_labels.png",
        "image_label_map": folder / "image_classes.json",
        "point_labels": folder / "labels.label",
        "point_label_map": folder / "point_classes.json",
        "options": files.write_json("options", QUICK),
        "prior_rotation_deg": 5,
        "prior_translation_m": 0.05,
    }
    return files


@pytest.fixture(scope="module")
def frame_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same street as a frame folder, with as many points in view as the defaults ask for."""
    return _street(tmp_path_factory.mktemp("data") / "street", step=1).folder


def _street(folder: Path, step: int) -> CalibrateFiles:
    """Write the street as a frame folder, with a point for every `step`-th pixel."""
    folder.mkdir()
    labels = _label_image()
    points, point_labels = _sweep(labels, step)
    Image.fromarray((labels * 60).astype(np.uint8)).convert("RGB").save(folder / "image.png")
    Image.fromarray(labels).save(folder / "image_labels.png")
    points.tofile(folder / "cloud.bin")
    point_labels.tofile(folder / "labels.label")
    files = CalibrateFiles(folder)
    files.write_json("gt", {"K": K.tolist(), "T_cam_lidar": T_CAM_LIDAR.tolist()})
    files.write_json("image_classes", CLASSES)
    files.write_json("point_classes", CLASSES)
    return files


def _turned(yaw_deg: float) -> np.ndarray:
    """Return a turn of the camera about its vertical axis, (4, 4)."""
    cosine, sine = np.cos(np.deg2rad(yaw_deg)), np.sin(np.deg2rad(yaw_deg))
    return np.array([[cosine, 0, sine, 0], [0, 1, 0, 0], [-sine, 0, cosine, 0], [0, 0, 0, 1]])


def _label_image() -> np.ndarray:
    """Return (HEIGHT, WIDTH) uint8: sky, road between sidewalks, two cars."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[60:] = 2
    labels[60:, 80:240] = 1
    labels[50:80, 100:150] = 3
    labels[50:70, 200:220] = 3
    return labels


def _sweep(labels: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 4) float32 that project onto their own class, and their labels (N,) uint32."""
    v, u = (grid.ravel() for grid in np.mgrid[45:HEIGHT:step, 0:WIDTH:step])
    depth = np.where(labels[v, u] == 3, 8.0, 20.0 - 0.1 * v)
    points_cam = np.linalg.inv(K) @ np.stack([u, v, np.ones_like(u)]) * depth
    points = T_CAM_LIDAR[:3, :3].T @ (points_cam - T_CAM_LIDAR[:3, 3:])
    return np.concatenate([points, np.ones((1, points.shape[1]))]).T.astype("<f4"), labels[v, u].astype("<u4")
