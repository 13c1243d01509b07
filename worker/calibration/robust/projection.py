"""Between tensors and the fused loops: pixels in, derivatives along pixels out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.robust.term import point_gradients
from worker.calibration.transforms import RigidTransform

_Lens = tuple[float, float, float, float, float, float, float]


def pixels_for(camera: Camera, T_cam_lidar: RigidTransform, points: Tensor) -> tuple[_Lens, npt.NDArray[np.float32]]:
    """Return the lens of a pinhole and no pixels, or the pixels (..., 3, N) that another camera projects points to."""
    if (lens := camera.lens) is not None:
        return lens, np.empty((0,) * (T_cam_lidar.translation.dim() + 1), np.float32)
    pixels = torch.stack(camera.project(T_cam_lidar.apply(points)), -2)
    return (1.0, 0.0, 0.0, 1.0, 0.0, float(camera.width), float(camera.height)), pixels.to(
        torch.float32
    ).contiguous().numpy()


def pulled_back(
    camera: Camera, T_cam_lidar: RigidTransform, points: Tensor, along_pixels: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return gradient and information (42,) from derivatives along u and v and the mass of each point (3, N).

    Points that are not seen come with mass 0.
    """
    seen = torch.from_numpy(along_pixels[2] > 0)
    along_u, along_v, mass = torch.from_numpy(along_pixels)[:, seen].to(points.dtype)
    gradients = point_gradients(camera, along_u, along_v, T_cam_lidar.apply(points[:, seen]))
    return torch.cat([gradients.sum(-1), ((gradients / mass) @ gradients.mT).flatten()]).double().numpy()
