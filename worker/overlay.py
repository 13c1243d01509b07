"""The picture people look at first: LiDAR points over the image, coloured by class."""

from __future__ import annotations

import io
import zlib

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from worker.calibration.camera import Camera
from worker.calibration.frame import Frame
from worker.calibration.transforms import RigidTransform

# Bright, far apart from each other and from asphalt; hue by family (vehicles, ground, structure, plants).
_COLOURS = {
    "car": (255, 64, 64),
    "truck": (255, 128, 64),
    "bus": (255, 128, 64),
    "other-vehicle": (255, 128, 64),
    "road": (196, 96, 255),
    "parking": (148, 110, 255),
    "sidewalk": (255, 64, 220),
    "terrain": (176, 228, 80),
    "vegetation": (48, 208, 80),
    "trunk": (196, 140, 70),
    "building": (255, 208, 48),
    "wall": (255, 176, 96),
    "fence": (255, 152, 48),
    "pole": (64, 224, 255),
    "traffic-sign": (64, 144, 255),
    "traffic-light": (64, 144, 255),
    "person": (255, 255, 255),
    "rider": (255, 255, 255),
}
_OTHER = (150, 150, 150)
# The image is dimmed so that points stand out on sunlit walls.
_DIMMING = 0.6


def overlay_png(
    image: npt.NDArray[np.uint8], frame: Frame, camera: Camera, T_cam_lidar: npt.NDArray[np.float64]
) -> bytes:
    """Draw the points of a frame over its image.

    Args:
        image: (H, W, 3) uint8 RGB.
        frame: points and their classes.
        camera: intrinsics and image size.
        T_cam_lidar: (4, 4), p_cam = T_cam_lidar @ p_lidar.

    Returns:
        A PNG file.
    """
    points_cam = RigidTransform.from_matrix(T_cam_lidar).apply(torch.as_tensor(frame.points.T, dtype=torch.float64))
    u, v, visible = (array.numpy() for array in camera.project(points_cam))
    squared_ranges = (points_cam * points_cam).sum(0).numpy()
    far_first = np.flatnonzero(visible)[np.argsort(-squared_ranges[visible])]
    canvas = (image * _DIMMING).astype(np.uint8)
    _splat(canvas, u[far_first], v[far_first], _point_colours(frame)[far_first])
    buffer = io.BytesIO()
    # Squares of one colour on a photograph: runs are all there is to find, and looking for more takes longer for less.
    Image.fromarray(canvas).save(buffer, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def colour_of(name: str) -> tuple[int, int, int]:
    """Return the colour of a class, RGB 0 to 255."""
    return _COLOURS.get(name, _OTHER)


def _point_colours(frame: Frame) -> npt.NDArray[np.uint8]:
    """Return (N, 3) uint8 colours of all points."""
    table = np.full((int(frame.point_labels.max(initial=0)) + 1, 3), _OTHER, np.uint8)
    for label, name in frame.point_classes.common.items():
        if label < len(table):
            table[label] = colour_of(name)
    return table[frame.point_labels]


def _splat(
    canvas: npt.NDArray[np.uint8],
    u: npt.NDArray[np.float64],
    v: npt.NDArray[np.float64],
    colours: npt.NDArray[np.uint8],
) -> None:
    """Paint squares that grow with the image, 2 px at KITTI's size; later points cover earlier ones."""
    height, width = canvas.shape[:2]
    size = max(2, round(width / 620))
    for row in range(size):
        for column in range(size):
            x = np.clip(np.round(u).astype(int) + column, 0, width - 1)
            y = np.clip(np.round(v).astype(int) + row, 0, height - 1)
            canvas[y, x] = colours
