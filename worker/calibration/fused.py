"""The inner loops of Eq. 1 on CPUs: project, look up and reduce in one pass over the points; and what all such share.

A chain of tensor operations writes and reads every step of every point; here a point stays in registers. Compiled by
numba (BSD-2-Clause) on first use, and kept on disk. The tensor code stays the reference, and runs on other devices.

Arrays, all contiguous: `points` (3, N), metres, LiDAR frame; `lens` = (fx, skew, cx, fy, cy, width, height), pixels, of
an ideal pinhole; `rotations` (B, 3, 3) and `translations` (B, 3) of T_cam_lidar float64; `nearest` (h, w, 2) column and
row of the nearest P_c pixel, with a border of `margin`.
"""
# ruff: noqa: ANN001, ANN201, PLR0917
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from worker.calibration.camera import MIN_DEPTH_M

NEAREST_M = MIN_DEPTH_M
# Rounding may be reordered; what is infinite or no number stays so.
OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}


@njit(inline="always", **OPTIONS)
def in_camera(rotation, translation, points, i):
    """Return point i in the camera frame."""
    px, py, pz = points[0, i], points[1, i], points[2, i]
    x = rotation[0, 0] * px + rotation[0, 1] * py + rotation[0, 2] * pz + translation[0]
    y = rotation[1, 0] * px + rotation[1, 1] * py + rotation[1, 2] * pz + translation[1]
    z = rotation[2, 0] * px + rotation[2, 1] * py + rotation[2, 2] * pz + translation[2]
    return x, y, z


@njit(inline="always", **OPTIONS)
def pixel(lens, x, y, z):
    """Return u, v and whether the point is in view."""
    if not z > NEAREST_M:
        return 0.0, 0.0, False
    fx, skew, cx, fy, cy, width, height = lens
    u = (fx * x + skew * y) / z + cx
    v = fy * y / z + cy
    return u, v, u >= -0.5 and u < width - 0.5 and v >= -0.5 and v < height - 0.5


@njit(**OPTIONS)
def squared_distances(rotations, translations, lens, points, nearest, margin, of_rotations, of_translations):
    """Sum Eq. 1 of one class at a batch of poses.

    Where `of_rotations` (B, 3, 3) and `of_translations` (B, 3) are not empty, the gradients are added to them.

    Returns:
        (B, 3): sums of squared distances, px^2, and of distances, px, and the number of points in view.
    """
    sums = np.zeros((rotations.shape[0], 3))
    with_gradient = of_rotations.shape[0] > 0
    fx, skew, _, fy, _, _, _ = lens
    for b in range(rotations.shape[0]):
        rotation, translation = rotations[b], translations[b]
        for i in range(points.shape[1]):
            x, y, z = in_camera(rotation, translation, points, i)
            u, v, seen = pixel(lens, x, y, z)
            if not seen:
                continue
            sums[b, 2] += 1
            # In view, so that truncation rounds to the nearest pixel.
            column, row = int(u + 0.5), int(v + 0.5)
            nearest_u, nearest_v = nearest[row + margin, column + margin, 0], nearest[row + margin, column + margin, 1]
            if nearest_u == column and nearest_v == row:
                continue
            du, dv = u - nearest_u, v - nearest_v
            squared = du * du + dv * dv
            sums[b, 0] += squared
            sums[b, 1] += math.sqrt(squared)
            if with_gradient:
                along_x = 2 * fx * du / z
                along_y = 2 * (fy * dv + skew * du) / z
                along_z = -(along_x * x + along_y * y) / z
                px, py, pz = points[0, i], points[1, i], points[2, i]
                for a, along in enumerate((along_x, along_y, along_z)):
                    of_rotations[b, a, 0] += along * px
                    of_rotations[b, a, 1] += along * py
                    of_rotations[b, a, 2] += along * pz
                    of_translations[b, a] += along
    return sums


@njit(**OPTIONS)
def count_in_view(rotations, translations, lens, points):
    """Return the number of points in view at a batch of poses, (B,)."""
    counts = np.empty(rotations.shape[0], np.int64)
    fx, skew, cx, fy = np.float32(lens[0]), np.float32(lens[1]), np.float32(lens[2]), np.float32(lens[3])
    cy, width, height = np.float32(lens[4]), np.float32(lens[5]), np.float32(lens[6])
    half, near = np.float32(0.5), np.float32(NEAREST_M)
    for b in range(rotations.shape[0]):
        r, t = rotations[b].astype(np.float32), translations[b].astype(np.float32)
        r00, r01, r02, r10, r11, r12 = r[0, 0], r[0, 1], r[0, 2], r[1, 0], r[1, 1], r[1, 2]
        r20, r21, r22, t0, t1, t2 = r[2, 0], r[2, 1], r[2, 2], t[0], t[1], t[2]
        count = 0
        for i in range(points.shape[1]):
            px, py, pz = points[0, i], points[1, i], points[2, i]
            z = r20 * px + r21 * py + r22 * pz + t2
            inverse_depth = np.float32(1.0) / z
            x = r00 * px + r01 * py + r02 * pz + t0
            y = r10 * px + r11 * py + r12 * pz + t1
            u = (fx * x + skew * y) * inverse_depth + cx
            v = fy * y * inverse_depth + cy
            count += (z > near) & (u >= -half) & (u < width - half) & (v >= -half) & (v < height - half)
        counts[b] = count
    return counts
