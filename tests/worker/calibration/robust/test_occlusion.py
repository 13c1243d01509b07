"""What is hidden from the camera is found, and nothing else."""

import numpy as np
import torch

from worker.calibration.camera import Camera
from worker.calibration.robust.occlusion import hidden
from worker.calibration.transforms import RigidTransform

CAMERA = Camera(np.array([[360.0, 0, 310], [0, 360, 94], [0, 0, 1]]), 620, 188)
STILL = RigidTransform.from_matrix(np.eye(4))


def plane(x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
    """Points (3, N) of a wall at a distance."""
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    return np.column_stack([grid, np.full(len(grid), z)]).T


def test_a_wall_behind_a_board_is_hidden_where_the_board_stands():
    """Of the wall twenty metres away, only what the board at five metres covers."""
    board = plane(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60), 5.0)
    wall = plane(np.linspace(-15, 15, 120), np.linspace(-5, 5, 70), 20.0)
    points = torch.from_numpy(np.concatenate([board, wall], 1))
    behind = hidden(CAMERA, STILL, points).numpy()
    assert not behind[: board.shape[1]].any()
    x, y = wall[:2]
    well_inside, well_outside = np.maximum(abs(x), abs(y)) < 3.9, np.maximum(abs(x), abs(y)) > 6.5
    assert behind[board.shape[1] :][well_inside].all()
    assert not behind[board.shape[1] :][well_outside & (abs(y) < 4.5)].any()


def test_the_ground_hides_nothing_of_itself():
    """A level plane is seen at every distance, and what is out of view hides nothing."""
    z = np.linspace(4, 40, 400)
    x = np.linspace(-3, 3, 40)
    ground = np.stack([np.tile(x, len(z)), np.full(len(z) * len(x), 1.6), np.repeat(z, len(x))])
    points = torch.from_numpy(np.concatenate([ground, -ground], 1))
    assert hidden(CAMERA, STILL, points).numpy().mean() < 0.01
