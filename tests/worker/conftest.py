"""A small street with an exact extrinsic, cast ray by ray, and the real masks that were released with the weights."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

from models.label_sets import CITYSCAPES, SEMANTIC_KITTI
from worker.calibration.camera import Camera
from worker.calibration.frame import ClassTable, Frame
from worker.inputs.frame_folder import FrameFolder
from worker.segmentation import class_table

NAMES = ("sky", "road", "sidewalk", "terrain", "car", "building")
SKY, ROAD, SIDEWALK, TERRAIN, CAR, BUILDING = range(len(NAMES))
# The two modalities number their classes differently, so that a test notices who reads the wrong table.
POINT_ID_OFFSET = 10
SENSOR_HEIGHT_M = 1.73


@dataclass(frozen=True)
class Street:
    """A road with sidewalks, a side street, cars and houses, seen by a camera and a spinning LiDAR.

    The LiDAR frame has x forward, y left, z up; boxes are rows of x, y, z minima, maxima and a class.
    """

    boxes: np.ndarray
    camera: Camera
    T_cam_lidar: np.ndarray

    @cached_property
    def image_labels(self) -> np.ndarray:
        """Class (H, W) of what the ray through each pixel centre meets."""
        u, v = np.meshgrid(np.arange(self.camera.width), np.arange(self.camera.height))
        rays_cam = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(self.camera.K).T
        labels, _ = self._cast(self.center, (rays_cam @ self.T_cam_lidar[:3, :3]).reshape(-1, 3))
        return labels.reshape(u.shape).astype(np.uint8)

    @cached_property
    def sweep(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) float32 and labels (N,) of 64 beams, with a centimetre of range noise."""
        azimuth, elevation = np.meshgrid(np.linspace(-np.pi, np.pi, 1500), np.radians(np.linspace(-24.8, 2, 64)))
        flat = np.cos(elevation)
        directions = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], -1).reshape(-1, 3)
        labels, ranges = self._cast(np.zeros(3), directions)
        returned = ranges < 80
        ranges = ranges + np.random.default_rng(0).normal(0, 0.01, len(ranges))
        points = (directions * ranges[:, None])[returned].astype(np.float32)
        return points, (labels[returned] + POINT_ID_OFFSET).astype(np.uint8)

    @property
    def center(self) -> np.ndarray:
        """The camera centre in the LiDAR frame."""
        return -self.T_cam_lidar[:3, :3].T @ self.T_cam_lidar[:3, 3]

    @property
    def image_names(self) -> dict[int, str]:
        """What the ids of the image labels mean."""
        return dict(enumerate(NAMES))

    @property
    def point_names(self) -> dict[int, str]:
        """What the ids of the point labels mean."""
        return {label + POINT_ID_OFFSET: name for label, name in enumerate(NAMES)}

    @cached_property
    def frame(self) -> Frame:
        """What the calibration takes."""
        points, labels = self.sweep
        return Frame(
            image_labels=self.image_labels,
            image_classes=ClassTable(self.image_names, self.image_names),
            points=points,
            point_labels=labels,
            point_classes=ClassTable(self.point_names, self.point_names),
            name="street",
        )

    @cached_property
    def image(self) -> np.ndarray:
        """A picture (H, W, 3) with one colour a class."""
        palette = np.array(
            [(150, 190, 230), (90, 90, 95), (160, 150, 140), (90, 130, 60), (180, 30, 30), (200, 180, 120)]
        )
        return palette[self.image_labels].astype(np.uint8)

    def disturbed(self, rotation_deg: tuple[float, float, float], offset_m: tuple[float, float, float] = (0, 0, 0)):
        """The extrinsic with the camera turned about its own centre (roll, pitch, yaw about its axes) and moved."""
        error = np.eye(4)
        error[:3, :3] = Rotation.from_euler("xyz", rotation_deg, degrees=True).as_matrix()
        error[:3, 3] = offset_m
        return error @ self.T_cam_lidar

    def _cast(self, origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Class and distance (in lengths of the direction) of what each ray meets first."""
        with np.errstate(divide="ignore", invalid="ignore"):
            nearest = np.where(directions[:, 2] < 0, (-SENSOR_HEIGHT_M - origin[2]) / directions[:, 2], np.inf)
            labels = np.where(np.isfinite(nearest), self._ground(origin + directions * nearest[:, None]), SKY)
            for box in self.boxes:
                to_faces = np.sort(
                    np.stack([(box[:3] - origin) / directions, (box[3:6] - origin) / directions]), axis=0
                )
                enter, leave = to_faces[0].max(-1), to_faces[1].min(-1)
                hit = (enter < leave) & (enter > 0) & (enter < nearest)
                nearest, labels = np.where(hit, enter, nearest), np.where(hit, int(box[6]), labels)
        return labels, nearest

    @staticmethod
    def _ground(places: np.ndarray) -> np.ndarray:
        x, y = places[:, 0], places[:, 1]
        is_road = (np.abs(y) < 4) | ((x > 16) & (x < 23) & (y > 0))
        return np.select([is_road, np.abs(y) < 6.5], [ROAD, SIDEWALK], TERRAIN)


def _box(x: float, y: float, size: tuple[float, float, float], label: int) -> list[float]:
    length, width, height = size
    low = [x - length / 2, y - width / 2, -SENSOR_HEIGHT_M]
    return [*low, low[0] + length, low[1] + width, low[2] + height, label]


def _cars(*places: tuple[float, float]) -> list[list[float]]:
    return [_box(x, y, (4.2, 1.8, 1.5), CAR) for x, y in places]


def _houses() -> list[list[float]]:
    return [_box(x, y, (9, 6, 8), BUILDING) for x in (-25, -10, 5, 30, 45) for y in (-12, 12)]


@pytest.fixture(scope="session")
def street() -> Street:
    """Return a street whose image has half the size of KITTI's."""
    T_cam_lidar = np.eye(4)
    T_cam_lidar[:3, :3] = Rotation.from_rotvec([0.01, -0.008, 0.005]).as_matrix() @ [[0, -1, 0], [0, 0, -1], [1, 0, 0]]
    T_cam_lidar[:3, 3] = -T_cam_lidar[:3, :3] @ [0.27, 0.02, -0.08]
    camera = Camera(np.array([[360.0, 0, 304], [0, 360, 93], [0, 0, 1]]), 620, 188)
    boxes = _houses() + _cars((9, 2.8), (14, -3), (26, 1.5), (11, -5.2), (38, -2.5), (-12, 2))
    return Street(np.array(boxes), camera, T_cam_lidar)


@pytest.fixture(scope="session")
def next_street(street: Street) -> Street:
    """Return another place seen by the same rig."""
    boxes = _houses() + _cars((7, -3), (18, 2.9), (21, -2.8), (13, 5.4), (33, 2))
    return replace(street, boxes=np.array(boxes))


@pytest.fixture(scope="session")
def write_frame_folder(street: Street) -> Callable[[Path], Path]:
    """Return what writes the street as a frame folder."""

    def write(folder: Path) -> Path:
        folder.mkdir(parents=True)
        points, labels = street.sweep
        Image.fromarray(street.image).save(folder / "image.png")
        Image.fromarray(street.image_labels).save(folder / "image_labels.png")
        np.column_stack([points, np.full(len(points), 0.5)]).astype("<f4").tofile(folder / "cloud.bin")
        labels.astype("<u4").tofile(folder / "labels.label")
        truth = {"K": street.camera.K.tolist(), "T_cam_lidar": street.T_cam_lidar.tolist()}
        for name, value in (
            ("gt", truth),
            ("image_classes", street.image_names),
            ("point_classes", street.point_names),
        ):
            (folder / f"{name}.json").write_text(json.dumps(value))
        return folder

    return write


@dataclass(frozen=True)
class Scene:
    """A frame with its camera and its known extrinsic."""

    frame: Frame
    camera: Camera
    T_cam_lidar: np.ndarray


@pytest.fixture(scope="session", params=["street", "kitti00_000000", "kitti00_001019"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Return the street and, where they are at hand, real masks: what the released networks say about real frames."""
    if request.param == "street":
        street = request.getfixturevalue("street")
        return Scene(street.frame, street.camera, street.T_cam_lidar)
    mirror: Path = request.getfixturevalue("models_mirror")
    folder = FrameFolder(request.getfixturevalue("test_data") / request.param)
    image_labels, point_labels = (
        np.load(mirror / model / "expected" / f"{request.param}.npz")[key]
        for model, key in (("espnetv2_s2_cityscapes", "labels"), ("mininet3d_tiny_semantickitti", "labels_7"))
    )
    cloud = folder.cloud()
    frame = Frame(
        image_labels=image_labels,
        image_classes=class_table(CITYSCAPES),
        points=cloud.points,
        point_labels=cloud.of_kept_points(point_labels),
        point_classes=class_table(SEMANTIC_KITTI),
        name=request.param,
    )
    height, width = image_labels.shape
    return Scene(frame, Camera(folder.K, width, height), folder.T_cam_lidar)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Keep torch from starting threads that only wait for cores: the clouds of these tests are small."""
    torch.set_num_threads(1)
