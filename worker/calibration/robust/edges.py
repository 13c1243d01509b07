"""Depth edges of the cloud against brightness edges of the image.

Where a beam jumps from a near surface to a far one, the image usually changes brightness. No network takes part, so
this cue sharpens what masks with leaning borders leave vague. After Levinson and Thrun (RSS 2013), with two changes:
an edge lies midway between its two beams, not on the near one, and horizontal jumps look for vertical image edges only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import torch
from numba import njit
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.fused import OPTIONS
from worker.calibration.parallel import both
from worker.calibration.robust import kernels
from worker.calibration.robust.maps import ChannelMaps, brightness
from worker.calibration.robust.neighbours import nearest_neighbours
from worker.calibration.robust.projection import pixels_for, pulled_back
from worker.calibration.robust.term import Linearization, point_gradients
from worker.calibration.transforms import RigidTransform

# Beams further apart than this (deg) are no neighbours, along a scan line and across scan lines.
_MAX_GAP_DEG = {"horizontal": 0.5, "vertical": 0.7}
# A jump counts from this on: so many metres and so large a share of the range.
_MIN_JUMP_M, _MIN_JUMP_SHARE = 0.5, 0.05
# Jumps beyond this (m) are no more of an edge.
_SATURATING_JUMP_M = 3.0
_MIN_RANGE_M = 3.0
_NEIGHBOURS = 4
# An image edge attracts over so many pixels, losing a share of its strength with each.
_REACH_PX, _DECAY = 8, 0.85
_CREST_SHARE = 0.33
# Contrast is relative to the mean one so far around (px), and to no less than this (grey levels).
_SURROUNDINGS_PX, _LEAST_CONTRAST = 61, 5.0
# The surroundings that an edge must stand out from (px).
_AROUND_PX = 41


@dataclass(frozen=True)
class EdgeAlignment:
    """How much stronger the image's edges are under the projected depth edges than around them.

    Attributes:
        camera: intrinsics and image size.
        maps: (h, w, 2) strength of vertical and of horizontal image edges, less that of the surroundings.
        points: (3, M) depth edges, metres, LiDAR frame.
        weights: (M, 2) weight of each depth edge against each kind of image edge, one of the two being 0; those in view
            from where the edges were found sum to 1. Edges out of view count as if nothing spoke for them.
    """

    camera: Camera
    maps: ChannelMaps
    points: Tensor
    weights: Tensor

    @torch.no_grad()
    def score(self, T_cam_lidar: RigidTransform) -> Tensor:
        """Return the mean strengths (B,) at a batch of poses."""
        u, v, visible = self.camera.project(T_cam_lidar.apply(self.points))
        return (self.maps.nearest(u, v, visible) * self.weights).sum((-2, -1))

    def thinned(self, count: int) -> EdgeAlignment:
        """Return the same term over every n-th edge, about `count` of them, each counted n times."""
        step = max(1, self.points.shape[1] // count)
        return replace(self, points=self.points[:, ::step].contiguous(), weights=step * self.weights[::step])

    def linearize(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return value, gradient and information at one pose."""
        if self.points.device.type == "cpu":
            return self._fused_linearization(T_cam_lidar)
        return self._linearization(T_cam_lidar)

    def _fused_linearization(self, T_cam_lidar: RigidTransform) -> Linearization:
        lens, pixels = pixels_for(self.camera, T_cam_lidar, self.points)
        along = np.zeros((3, pixels.shape[-1]))
        grid = (*self.maps.shape, self.maps.scale_u, self.maps.scale_v)
        arrays = (each.numpy() for each in (self.points, self.weights, self.maps.table))
        packed = kernels.linearize_edges(*T_cam_lidar.arrays, lens, pixels, *arrays, grid, along)
        if len(pixels):
            packed[1:] = pulled_back(self.camera, T_cam_lidar, self.points, along)
        return Linearization(packed)

    @torch.no_grad()
    def _linearization(self, T_cam_lidar: RigidTransform) -> Linearization:
        points_cam = T_cam_lidar.apply(self.points)
        u, v, visible = self.camera.project(points_cam)
        strengths, along_u, along_v = self.maps.bilinear(u, v)
        weights = self.weights * visible[:, None]
        # Per point; hidden ones have weight 0 and must not carry their meaningless projection along.
        safe = torch.where(visible, points_cam, torch.ones_like(points_cam))
        gradients = point_gradients(self.camera, (along_u * weights).sum(-1), (along_v * weights).sum(-1), safe)
        weight = weights.sum(-1).clamp_min(1e-9)
        return Linearization.of((strengths * weights).sum(), gradients.sum(-1), (gradients / weight) @ gradients.mT)


def edge_alignment(
    image: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float32],
    camera: Camera,
    viewpoint: RigidTransform,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> EdgeAlignment:
    """Find the edges of both modalities.

    Args:
        image: (H, W, 3) uint8 RGB.
        points: (N, 3), metres, LiDAR frame.
        camera: intrinsics and image size.
        viewpoint: T_cam_lidar, roughly right: jumps are judged as the camera sees them, so that nothing need be known
            of the LiDAR's own place and axes.
        dtype: precision.
        device: where the term lives.
    """
    strength, (places, edge_weights) = both(lambda: image_edges(image), lambda: depth_edges(points, viewpoint))
    maps = ChannelMaps.from_channels(strength, 1.0, 1.0, dtype, device)
    edges = torch.as_tensor(places.T, dtype=dtype, device=device).contiguous()
    weights = torch.as_tensor(edge_weights, dtype=dtype, device=device)
    in_view = camera.project(viewpoint.apply(edges))[2]
    return EdgeAlignment(camera, maps, edges, weights / weights[in_view].sum().clamp_min(1e-9))


def image_edges(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return strength of vertical and of horizontal edges of an image (H, W, 3): (H, W, 2), about -0.5 to 1.

    Contrast is relative to the surroundings, so that shade counts as much as sunlight, and spreads over some pixels.
    What remains on average around a place is taken away: foliage, all edges, must not draw every depth edge to it.
    """
    grey = brightness(image)
    gradients = np.abs(np.dstack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)]))
    surroundings = cv2.blur(np.hypot(gradients[..., 0], gradients[..., 1]), (_SURROUNDINGS_PX, _SURROUNDINGS_PX))
    crest = np.minimum(gradients / (surroundings[..., None] + _LEAST_CONTRAST), 4) / 4
    spread = crest
    for _ in range(_REACH_PX):
        spread = np.maximum(crest, cv2.dilate(spread, np.ones((3, 3), np.uint8)) * _DECAY)
    strength = _CREST_SHARE * crest + (1 - _CREST_SHARE) * spread
    return (strength - cv2.blur(strength, (_AROUND_PX, _AROUND_PX))).astype(np.float32)


def depth_edges(
    points: npt.NDArray[np.float32], viewpoint: RigidTransform
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Find the places where neighbouring beams jump in depth.

    Args:
        points: (N, 3), metres, LiDAR frame.
        viewpoint: T_cam_lidar from which beams are judged.

    Returns:
        Edge places (M, 3) in the LiDAR frame, midway between the two beams at the nearer range, and their weights
        (M, 2): the first column for jumps along the camera's horizontal, the second for vertical ones.
    """
    to_camera = viewpoint.to(torch.float64, "cpu")
    in_camera = to_camera.apply(torch.from_numpy(points.T.astype(np.float64))).numpy().T
    ranges = np.linalg.norm(in_camera, axis=1)
    ahead = (in_camera[:, 2] > 0.5) & (ranges > _MIN_RANGE_M)
    in_camera, ranges = in_camera[ahead], ranges[ahead]
    rays = in_camera / ranges[:, None]
    angles = np.column_stack([np.arctan2(rays[:, 0], rays[:, 2]), np.arcsin(rays[:, 1])])
    places, weights = [], []
    for axis, name in enumerate(("horizontal", "vertical")):
        near, far = _jumps(angles, ranges, axis, np.radians(_MAX_GAP_DEG[name]))
        middle = rays[near] + rays[far]
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
        places.append(middle * ranges[near, None])
        weight = np.zeros((len(near), 2))
        weight[:, axis] = np.sqrt(np.minimum(ranges[far] - ranges[near], _SATURATING_JUMP_M))
        weights.append(weight)
    back = to_camera.inverse().apply(torch.from_numpy(np.concatenate(places).T)).numpy().T
    return back, np.concatenate(weights)


def _jumps(
    angles: npt.NDArray[np.float64], ranges: npt.NDArray[np.float64], axis: int, max_gap_rad: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return indices (M,) of the near and of the far beam of every jump between neighbours along one image axis."""
    # Squeezing the wanted axis makes neighbours along it the nearest ones.
    squeeze = np.array([1.0, 3.0]) if axis == 0 else np.array([3.0, 1.0])
    neighbours = nearest_neighbours(angles * squeeze, max_gap_rad, _NEIGHBOURS)
    near, place = np.nonzero(_is_jump(neighbours, angles, ranges, axis))
    return near, neighbours[near, place]


@njit(**OPTIONS)
def _is_jump(neighbours, angles, ranges, axis):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Tell which neighbours (N, K) lie clearly behind, and along the axis rather than across it."""
    jumps = np.zeros(neighbours.shape, np.bool_)
    for near in range(len(neighbours)):
        least = _MIN_JUMP_M + (1 + _MIN_JUMP_SHARE) * ranges[near]
        for k in range(neighbours.shape[1]):
            far = neighbours[near, k]
            if far < len(ranges) and ranges[far] > least:
                along = abs(angles[far, axis] - angles[near, axis])
                jumps[near, k] = abs(angles[far, 1 - axis] - angles[near, 1 - axis]) < 0.5 * along
    return jumps
