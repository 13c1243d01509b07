"""Rendered streets for the robust profile, and a small wall with a box whose every edge is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from worker.calibration.camera import Camera
from worker.calibration.frame import ClassTable, Frame
from worker.calibration.robust.cues import FINE, FrameCues
from worker.calibration.robust.objective import GaussianPrior, RobustObjective, WeightedFrame
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.robust.term import moved
from worker.calibration.transforms import RigidTransform, rotation_from_euler_xyz
from worker.calibration.view_cone import ViewCone
from worker.scenes import (
    CameraConfig,
    LidarConfig,
    SceneConfig,
    generate,
    image_class_names,
    point_class_names,
    render,
)
from worker.segmentation import class_table

SENSORS = SceneConfig(
    camera=CameraConfig(width=620, height=188, focal_px=359.4, principal_point_px=(303.0, 92.0), antialias=False),
    lidar=LidarConfig(azimuth_step_deg=0.35),
)


@dataclass(frozen=True)
class Rig:
    """Frames of one rig with the extrinsic they were rendered with."""

    frames: tuple[Frame, ...]
    camera: Camera
    T_cam_lidar: RigidTransform

    def disturbed(self, turn_deg: tuple[float, float, float], shift_m: tuple[float, float, float] = (0, 0, 0)):
        """The extrinsic with the camera turned about its own axes and moved."""
        turn = rotation_from_euler_xyz(torch.deg2rad(torch.tensor(turn_deg, dtype=torch.float64)))
        return RigidTransform(turn, torch.tensor(shift_m, dtype=torch.float64)) @ self.T_cam_lidar

    def cues(self, index: int = 0, dtype: torch.dtype = torch.float64) -> FrameCues:
        """What one frame offers, over all its points."""
        return FrameCues.from_frame(self.frames[index], self.camera, ViewCone.everywhere(), dtype, "cpu")

    def objective(self, *frames: int, prior_deg: float = 6.0, prior_m: float = 0.1) -> RobustObjective:
        """All cues of some frames, over the points around the view, with a prior around the truth."""
        truth = self.T_cam_lidar
        terms = [
            cues.narrowed({**cues.histogram_terms(FINE), "edges": cues.edge_term(truth)}, truth, 4000)
            for cues in map(self.cues, frames)
        ]
        settings = RobustSettings()
        prior = GaussianPrior(self.T_cam_lidar, np.radians(prior_deg), prior_m)
        weighted = tuple(WeightedFrame(t) for t in terms)
        return RobustObjective(weighted, settings.weights, settings.observations_per_frame, prior)


@pytest.fixture(scope="session")
def rig() -> Rig:
    """Return three places seen by one rig, rendered small."""
    rendered = [render(generate(3, index, SENSORS)) for index in range(3)]
    frames = tuple(
        Frame(
            image_labels=r.image_labels,
            image_classes=class_table(image_class_names()),
            points=r.points,
            point_labels=r.point_labels,
            point_classes=class_table(point_class_names()),
            image=r.image,
            intensity=r.intensity,
            name=f"place {index}",
        )
        for index, r in enumerate(rendered)
    )
    camera = Camera(rendered[0].K, SENSORS.camera.width, SENSORS.camera.height)
    return Rig(frames, camera, RigidTransform.from_matrix(rendered[0].T_cam_lidar))


@dataclass(frozen=True)
class BoxAndWall:
    """A bright box five metres ahead before a dark wall at ten, in the axes of the camera.

    The box spans 1 m to either side and 0.5 m up and down: on the image 20 and 10 pixels around the centre.
    """

    camera: Camera
    image: np.ndarray
    points: np.ndarray

    @property
    def frame(self) -> Frame:
        """The same with labels."""
        box = self.points[:, 2] < 7
        table = ClassTable({1: "car", 2: "building"}, {1: "car", 2: "building"})
        return Frame(
            image_labels=np.where(self.image[..., 0] > 100, 1, 2).astype(np.uint8),
            image_classes=table,
            points=self.points,
            point_labels=np.where(box, 1, 2).astype(np.uint8),
            point_classes=table,
            image=self.image,
            name="box",
        )


@pytest.fixture(scope="session")
def box_and_wall() -> BoxAndWall:
    """Return the box as rays a quarter of a degree apart meet it."""
    azimuth, elevation = np.radians(np.meshgrid(np.arange(-30, 30.1, 0.25), np.arange(-14, 14.1, 0.25)))
    rays = np.stack([np.tan(azimuth), np.tan(elevation) / np.cos(azimuth), np.ones_like(azimuth)], -1).reshape(-1, 3)
    on_box = (np.abs(rays[:, 0]) < 0.2) & (np.abs(rays[:, 1]) < 0.1)
    points = rays * np.where(on_box, 5.0, 10.0)[:, None]
    camera = Camera(np.array([[100.0, 0, 60], [0, 100, 40], [0, 0, 1]]), 121, 81)
    image = np.full((81, 121, 3), 40, np.uint8)
    image[30:51, 40:81] = 220
    return BoxAndWall(camera, image, points.astype(np.float32))


@pytest.fixture(scope="session")
def still() -> RigidTransform:
    """Return the identity, unbatched, double precision."""
    return RigidTransform.from_matrix(np.eye(4))


@pytest.fixture(scope="session")
def central_differences() -> Callable[[Callable[[RigidTransform], float], RigidTransform], torch.Tensor]:
    """Return what differentiates a value along xi (6,) at a pose, numerically."""

    def differentiate(value: Callable[[RigidTransform], float], pose: RigidTransform) -> torch.Tensor:
        steps = 1e-7 * torch.eye(6, dtype=torch.float64)
        slopes = [(value(moved(pose, xi)) - value(moved(pose, -xi))) / 2e-7 for xi in steps]
        return torch.tensor(slopes, dtype=torch.float64)

    return differentiate
