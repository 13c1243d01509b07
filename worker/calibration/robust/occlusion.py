"""Points that the LiDAR sees over or past something that hides them from the camera."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.transforms import RigidTransform

# Depths are compared within cells of so many columns and rows, with those beside and a little above, about as far as
# beams lie apart. Never with those below: there the ground itself is nearer, and hides nothing.
_CELL_COLUMNS_PX, _CELL_ROWS_PX = 6, 3
_ROWS_ABOVE = 2
# A point so much further away than the nearest one around it lies behind it (share of that distance, m).
_BEHIND_SHARE, _BEHIND_M = 0.15, 0.5


def hidden(camera: Camera, T_cam_lidar: RigidTransform, points: Tensor) -> Tensor:
    """Tell which of the points (3, N), LiDAR frame, lie behind others as the camera sees them: (N,) bool.

    The sensors sit apart, so that each looks behind edges that bound the other's view. What only the LiDAR sees lands
    on the image of what hides it, and draws masks and points apart.
    """
    in_camera = T_cam_lidar.apply(points)
    u, v, visible = camera.project(in_camera)
    depth, seen = in_camera[2].cpu().numpy(), visible.cpu().numpy()
    shape = camera.height // _CELL_ROWS_PX + 1, camera.width // _CELL_COLUMNS_PX + 1
    row, column = (
        ((pixels.cpu().numpy()[seen] + 0.5) / cell_px).astype(np.int64).clip(0, size - 1)
        for pixels, cell_px, size in zip((v, u), (_CELL_ROWS_PX, _CELL_COLUMNS_PX), shape, strict=True)
    )
    nearest = np.full(shape, np.inf, depth.dtype)
    np.minimum.at(nearest, (row, column), depth[seen])
    above = np.zeros((2 * _ROWS_ABOVE + 1, 3), bool)
    above[: _ROWS_ABOVE + 1] = True
    around = ndimage.minimum_filter(nearest, footprint=above, mode="nearest")
    behind = np.zeros(len(depth), bool)
    behind[seen] = depth[seen] > (1 + _BEHIND_SHARE) * around[row, column] + _BEHIND_M
    return torch.from_numpy(behind).to(points.device)
