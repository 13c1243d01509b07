"""The inner loops of Eq. 1 on CPUs: project, look up and reduce in one pass over the points; and what all such share.

A chain of tensor operations writes and reads every step of every point; here a point stays in registers. Compiled by
numba (BSD-2-Clause) on first use, and kept on disk. The tensor code stays the reference, and runs on other devices.

Arrays, all contiguous: `points` (3, N), metres, LiDAR frame; `lens` = (fx, skew, cx, fy, cy, width, height), pixels, of
an ideal pinhole; `rotations` (B, 3, 3) and `translations` (B, 3) of T_cam_lidar float64; `nearest` (h, w, 2) column and
row of the nearest P_c pixel, with a border of `margin`.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from worker.calibration.camera import MIN_DEPTH_M
from worker.calibration.transforms import SMALL_SQUARED_ANGLE

NEAREST_M = MIN_DEPTH_M
# Points projected at once: what is kept of them stays in the nearest cache.
_CHUNK = 1024
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
    places, seen = np.empty((2, _CHUNK), points.dtype), np.empty(_CHUNK, np.bool_)
    found = np.empty((_CHUNK, 2), nearest.dtype)
    of_rotation, of_translation = np.empty((3, 3)), np.empty(3)
    for b in range(rotations.shape[0]):
        rotation, translation = rotations[b], translations[b]
        of_rotation[:], of_translation[:] = 0.0, 0.0
        squares, distances, count = 0.0, 0.0, 0
        for begin in range(0, points.shape[1], _CHUNK):
            end = min(begin + _CHUNK, points.shape[1])
            _project(rotation, translation, lens, points, begin, end, places, seen)
            if with_gradient:
                # Ahead of the sums, so that no branch keeps the next load waiting: of many frames it comes from afar.
                for k in range(end - begin):
                    if seen[k]:
                        column, row = int(float(places[0, k]) + 0.5), int(float(places[1, k]) + 0.5)
                        found[k, 0] = nearest[row + margin, column + margin, 0]
                        found[k, 1] = nearest[row + margin, column + margin, 1]
            for i in range(begin, end):
                if not seen[i - begin]:
                    continue
                count += 1
                u, v = float(places[0, i - begin]), float(places[1, i - begin])
                # In view, so that truncation rounds to the nearest pixel.
                column, row = int(u + 0.5), int(v + 0.5)
                if with_gradient:
                    nearest_u, nearest_v = found[i - begin, 0], found[i - begin, 1]
                else:
                    nearest_u = nearest[row + margin, column + margin, 0]
                    nearest_v = nearest[row + margin, column + margin, 1]
                if nearest_u == column and nearest_v == row:
                    continue
                du, dv = u - nearest_u, v - nearest_v
                squared = du * du + dv * dv
                squares += squared
                distances += math.sqrt(squared)
                if with_gradient:
                    _add_gradient(rotation, translation, lens, points, i, du, dv, of_rotation, of_translation)
        sums[b, 0], sums[b, 1], sums[b, 2] = squares, distances, count
        if with_gradient:
            of_rotations[b] += of_rotation
            of_translations[b] += of_translation
    return sums


@njit(inline="always", **OPTIONS)
def _project(rotation, translation, lens, points, begin, end, places, seen):
    """Project a chunk of the points, several at once, in their own precision: places (2, M), px, and which are seen."""
    one = points.dtype.type
    r00, r01, r02 = one(rotation[0, 0]), one(rotation[0, 1]), one(rotation[0, 2])
    r10, r11, r12 = one(rotation[1, 0]), one(rotation[1, 1]), one(rotation[1, 2])
    r20, r21, r22 = one(rotation[2, 0]), one(rotation[2, 1]), one(rotation[2, 2])
    t0, t1, t2 = one(translation[0]), one(translation[1]), one(translation[2])
    fx, skew, cx, fy = one(lens[0]), one(lens[1]), one(lens[2]), one(lens[3])
    cy, width, height = one(lens[4]), one(lens[5]), one(lens[6])
    half, near, unit = one(0.5), one(NEAREST_M), one(1.0)
    for i in range(begin, end):
        px, py, pz = points[0, i], points[1, i], points[2, i]
        x = r00 * px + r01 * py + r02 * pz + t0
        y = r10 * px + r11 * py + r12 * pz + t1
        z = r20 * px + r21 * py + r22 * pz + t2
        inverse_depth = unit / z
        u = (fx * x + skew * y) * inverse_depth + cx
        v = fy * y * inverse_depth + cy
        places[0, i - begin], places[1, i - begin] = u, v
        seen[i - begin] = (z > near) & (u >= -half) & (u < width - half) & (v >= -half) & (v < height - half)


@njit(inline="always", **OPTIONS)
def _add_gradient(rotation, translation, lens, points, i, du, dv, of_rotation, of_translation):
    """Add the gradient of one point's squared residual (du, dv), px, to those of R (3, 3) and t (3,)."""
    fx, skew, _, fy, _, _, _ = lens
    px, py, pz = points[0, i], points[1, i], points[2, i]
    x, y, z = in_camera(rotation, translation, points, i)
    along_x = 2 * fx * du / z
    along_y = 2 * (fy * dv + skew * du) / z
    along_z = -(along_x * x + along_y * y) / z
    for a, along in enumerate((along_x, along_y, along_z)):
        of_rotation[a, 0] += along * px
        of_rotation[a, 1] += along * py
        of_rotation[a, 2] += along * pz
        of_translation[a] += along


@njit(**OPTIONS)
def rotation_of(axis_angle):
    """Return the rotation matrix (3, 3) of an axis-angle vector, rad; see `rotation_from_axis_angle`."""
    a0, a1, a2 = axis_angle[0], axis_angle[1], axis_angle[2]
    squared = a0 * a0 + a1 * a1 + a2 * a2
    if squared < SMALL_SQUARED_ANGLE:
        first, second = 1 - squared / 6 + squared**2 / 120, 0.5 - squared / 24 + squared**2 / 720
    else:
        angle = math.sqrt(squared)
        first, second = math.sin(angle) / angle, 2 * math.sin(angle / 2) ** 2 / squared
    along = 1 - second * squared
    return np.array(
        [
            [along + second * a0 * a0, second * a0 * a1 - first * a2, second * a0 * a2 + first * a1],
            [second * a0 * a1 + first * a2, along + second * a1 * a1, second * a1 * a2 - first * a0],
            [second * a0 * a2 - first * a1, second * a1 * a2 + first * a0, along + second * a2 * a2],
        ]
    )


@njit(**OPTIONS)
def pose_of(vector):
    """Return rotation (3, 3) and translation (3,) of c = (a, camera centre), as `RigidTransform.from_vector` does."""
    rotation, translation = rotation_of(vector), np.zeros(3)
    for a in range(3):
        for b in range(3):
            translation[a] -= rotation[a, b] * vector[3 + b]
    return rotation, translation


@njit(**OPTIONS)
def along_vector(vector, rotation, of_rotation, of_translation):
    """Carry gradients of R (3, 3) and of the column t (3,) to the gradient (6,) of c = (a, camera centre).

    R(a + da) is R(a) exp([J da]x) with the right Jacobian J of the rotations (Sola, Deray and Atchuthan 2018).
    """
    gradient = np.empty(6)
    back = np.ascontiguousarray(rotation.T)
    gradient[3:] = -(back @ of_translation)
    # t = -R c: R acts on the centre, too.
    turned = back @ (of_rotation - np.outer(of_translation, vector[3:]))
    about = np.array([turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0], turned[1, 0] - turned[0, 1]])
    a0, a1, a2 = vector[0], vector[1], vector[2]
    squared = a0 * a0 + a1 * a1 + a2 * a2
    if squared < SMALL_SQUARED_ANGLE:
        first, second = 0.5 - squared / 24, 1 / 6 - squared / 120
    else:
        angle = math.sqrt(squared)
        first, second = 2 * math.sin(angle / 2) ** 2 / squared, (angle - math.sin(angle)) / (squared * angle)
    cross = np.array([[0.0, -a2, a1], [a2, 0.0, -a0], [-a1, a0, 0.0]])
    # Transposed: the cross product changes its sign.
    gradient[:3] = (np.eye(3) + first * cross + second * (cross @ cross)) @ about
    return gradient


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
