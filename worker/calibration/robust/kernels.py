"""The inner loops of the robust terms on CPUs: project, look up and reduce in one pass over the points.

Each does what the torch code of its term does, which stays the reference and runs on every other device. One pass
keeps a point in registers from its projection to the histogram, where a chain of tensor operations writes and reads
every step: some five to ten times the speed. Compiled by numba (BSD-2-Clause) on first use, and kept on disk.

Arrays, all contiguous: `points` (3, N) float32, metres, LiDAR frame; `groups` (N, K) int16 and `shares` (N, K)
float32, the point groups of each point; `table` (h w + 1, C) float32 and `grid` = (h, w, scale_u, scale_v) as in
`ChannelMaps`; `lens` = (fx, skew, cx, fy, cy, width, height), pixels; `rotation` and `translation` of T_cam_lidar
float64; `pixels` (3, N) float32: u, v and 1 where visible, of points that another camera than a pinhole projected.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0912, PLR0915, PLR0917
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from worker.calibration.fused import NEAREST_M, OPTIONS, in_camera, pixel, rotation_of

_LAST_CELL = 1.001


@njit(inline="always", **OPTIONS)
def _corner(position, size):
    """Return the cell at or before a position on the grid, the share of the next one, and whether it may move on."""
    held = min(max(position, 0.0), size - _LAST_CELL)
    first = int(held)
    return first, held - first, 1.0 if held == position else 0.0


@njit(**OPTIONS)
def moved(rotation, translation, xi):
    """Return rotation (3, 3) and translation (3,) of a pose after a turn and a shift xi (6,) of the camera frame."""
    turn = rotation_of(xi)
    turned, shifted = np.empty((3, 3)), np.empty(3)
    for a in range(3):
        shifted[a] = xi[3 + a]
        for k in range(3):
            shifted[a] += turn[a, k] * translation[k]
        for b in range(3):
            turned[a, b] = 0.0
            for k in range(3):
                turned[a, b] += turn[a, k] * rotation[k, b]
    return turned, shifted


@njit(**OPTIONS)
def divergence_of(counts, group_weights, background, matches, shrinkage, floor, sensitivity, mass):
    """Return the value of joint counts (G, C); write its derivative (G, C) and a count's mass (G,)."""
    num_groups, num_channels = counts.shape
    mixture = np.zeros(num_channels)
    for g in range(num_groups):
        total = shrinkage
        for c in range(num_channels):
            total += counts[g, c]
        mass[g] = group_weights[g] / total
        for c in range(num_channels):
            share = (counts[g, c] + shrinkage * background[c]) / total + floor
            sensitivity[g, c] = share
            mixture[c] += group_weights[g] * share
    for c in range(num_channels):
        mixture[c] = math.log(mixture[c])
    value = 0.0
    for g in range(num_groups):
        separation = 0.0
        for c in range(num_channels):
            share = sensitivity[g, c]
            gain = math.log(share) - mixture[c] + matches[g, c]
            separation += share * gain
            sensitivity[g, c] = gain
        value += group_weights[g] * separation
        for c in range(num_channels):
            sensitivity[g, c] = mass[g] * (sensitivity[g, c] - separation)
    return value


@njit(**OPTIONS)
def score_poses(
    rotations,
    translations,
    lens,
    pixels,
    points,
    groups,
    shares,
    table,
    grid,
    group_weights,
    background,
    matches,
    shrinkage,
    floor,
):
    """Return the divergences (B,) at a batch of poses, channels looked up without interpolation.

    `pixels` is (B, 3, N), or empty where `lens` projects.
    """
    num_groups, num_channels = matches.shape
    h, w, scale_u, scale_v = np.int32(grid[0]), np.int32(grid[1]), np.float32(grid[2]), np.float32(grid[3])
    fx, skew, cx, fy = np.float32(lens[0]), np.float32(lens[1]), np.float32(lens[2]), np.float32(lens[3])
    cy, width, height = np.float32(lens[4]), np.float32(lens[5]), np.float32(lens[6])
    half, nearest = np.float32(0.5), np.float32(NEAREST_M)
    given = pixels.shape[0] > 0
    num_points = points.shape[1]
    cells = np.empty(num_points, np.int32)
    counts = np.empty((num_groups, num_channels), np.float32)
    sensitivity, mass = np.empty((num_groups, num_channels)), np.empty(num_groups)
    values = np.empty(rotations.shape[0])
    for b in range(rotations.shape[0]):
        # Two loops, so that the first one works on several points at once.
        r00, r01, r02 = np.float32(rotations[b, 0, 0]), np.float32(rotations[b, 0, 1]), np.float32(rotations[b, 0, 2])
        r10, r11, r12 = np.float32(rotations[b, 1, 0]), np.float32(rotations[b, 1, 1]), np.float32(rotations[b, 1, 2])
        r20, r21, r22 = np.float32(rotations[b, 2, 0]), np.float32(rotations[b, 2, 1]), np.float32(rotations[b, 2, 2])
        t0, t1, t2 = np.float32(translations[b, 0]), np.float32(translations[b, 1]), np.float32(translations[b, 2])
        for i in range(num_points):
            if given:
                u, v, ahead = pixels[b, 0, i], pixels[b, 1, i], pixels[b, 2, i] > 0
            else:
                px, py, pz = points[0, i], points[1, i], points[2, i]
                x = r00 * px + r01 * py + r02 * pz + t0
                y = r10 * px + r11 * py + r12 * pz + t1
                z = r20 * px + r21 * py + r22 * pz + t2
                ahead = z > nearest
                inverse_depth = np.float32(1.0) / z
                u = (fx * x + skew * y) * inverse_depth + cx
                v = fy * y * inverse_depth + cy
            seen = ahead & (u >= -half) & (u < width - half) & (v >= -half) & (v < height - half)
            column = np.int32((u + half) * scale_u if seen else np.float32(0))
            row = np.int32((v + half) * scale_v if seen else np.float32(0))
            cells[i] = min(row, h - 1) * w + min(column, w - 1) if seen else -1
        counts[:] = 0
        for i in range(num_points):
            cell = cells[i]
            if cell < 0:
                continue
            for k in range(groups.shape[1]):
                share = shares[i, k]
                if share > 0:
                    for c in range(num_channels):
                        counts[groups[i, k], c] += share * table[cell, c]
        values[b] = divergence_of(counts, group_weights, background, matches, shrinkage, floor, sensitivity, mass)
    return values


@njit(**OPTIONS)
def linearize_divergence(
    rotation,
    translation,
    lens,
    pixels,
    points,
    groups,
    shares,
    table,
    grid,
    group_weights,
    background,
    matches,
    shrinkage,
    floor,
    along_pixels,
):
    """Return the divergence at one pose, its gradient and information along xi: (43,), see `Linearization`.

    Where `pixels` is given, the derivatives along u and v (2, N) and each point's mass (N,) are written to
    `along_pixels` (3, N) instead, for the camera to pull back; gradient and information are then 0.
    """
    num_groups, num_channels = matches.shape
    h, w, scale_u, scale_v = grid
    given = pixels.shape[0] > 0
    num_points = points.shape[1]
    counts = np.zeros((num_groups, num_channels))
    sensitivity, mass = np.empty((num_groups, num_channels)), np.empty(num_groups)
    gradient, information = np.zeros(6), np.zeros((6, 6))
    # What the second pass needs of every point that is seen: its index, its cell, and its place within the cell.
    seen_points, cells = np.empty(num_points, np.int64), np.empty(num_points, np.int64)
    places = np.empty((num_points, 4))
    num_seen = 0
    channels = np.empty(num_channels)
    for i in range(num_points):
        if given:
            u, v, seen = float(pixels[0, i]), float(pixels[1, i]), pixels[2, i] > 0
        else:
            x, y, z = in_camera(rotation, translation, points, i)
            u, v, seen = pixel(lens, x, y, z)
        if not seen:
            continue
        column, right, slope_u = _corner((u + 0.5) * scale_u - 0.5, w)
        row, low, slope_v = _corner((v + 0.5) * scale_v - 0.5, h)
        cell = row * w + column
        for c in range(num_channels):
            top = table[cell, c] + right * (table[cell + 1, c] - table[cell, c])
            bottom = table[cell + w, c] + right * (table[cell + w + 1, c] - table[cell + w, c])
            channels[c] = top + low * (bottom - top)
        for k in range(groups.shape[1]):
            group, share = groups[i, k], shares[i, k]
            if share > 0:
                for c in range(num_channels):
                    counts[group, c] += share * channels[c]
        seen_points[num_seen], cells[num_seen] = i, cell
        places[num_seen, 0], places[num_seen, 1] = right, low
        places[num_seen, 2], places[num_seen, 3] = slope_u * scale_u, slope_v * scale_v
        num_seen += 1
    value = divergence_of(counts, group_weights, background, matches, shrinkage, floor, sensitivity, mass)
    one = np.empty(6)
    for j in range(num_seen):
        i, cell, right, low = seen_points[j], cells[j], places[j, 0], places[j, 1]
        along_u, along_v, mass_of_point = 0.0, 0.0, 0.0
        for k in range(groups.shape[1]):
            group, share = groups[i, k], shares[i, k]
            if share > 0:
                mass_of_point += share * mass[group]
                of_group_u, of_group_v = 0.0, 0.0
                for c in range(num_channels):
                    top_left, top_right = table[cell, c], table[cell + 1, c]
                    low_left, low_right = table[cell + w, c], table[cell + w + 1, c]
                    top, bottom = top_right - top_left, low_right - low_left
                    of_group_u += sensitivity[group, c] * (top + low * (bottom - top))
                    left, right_side = low_left - top_left, low_right - top_right
                    of_group_v += sensitivity[group, c] * (left + right * (right_side - left))
                along_u += share * of_group_u
                along_v += share * of_group_v
        along_u *= places[j, 2]
        along_v *= places[j, 3]
        mass_of_point = max(mass_of_point, floor * floor)
        if given:
            along_pixels[0, i], along_pixels[1, i], along_pixels[2, i] = along_u, along_v, mass_of_point
            continue
        x, y, z = in_camera(rotation, translation, points, i)
        _along_xi(lens, along_u, along_v, x, y, z, one)
        _accumulate(one, 1.0 / mass_of_point, gradient, information)
    return _packed(value, gradient, information)


@njit(**OPTIONS)
def linearize_edges(rotation, translation, lens, pixels, points, weights, table, grid, along_pixels):
    """Return the edge alignment at one pose, its gradient and information along xi: (43,), see `Linearization`.

    `weights` is (N, 2), of which one is 0; `pixels` and `along_pixels` as in `linearize_divergence`.
    """
    h, w, scale_u, scale_v = grid
    given = pixels.shape[0] > 0
    gradient, information, one = np.zeros(6), np.zeros((6, 6)), np.empty(6)
    value = 0.0
    x = y = z = 0.0
    for i in range(points.shape[1]):
        if given:
            u, v, seen = float(pixels[0, i]), float(pixels[1, i]), pixels[2, i] > 0
        else:
            x, y, z = in_camera(rotation, translation, points, i)
            u, v, seen = pixel(lens, x, y, z)
        weight = weights[i, 0] + weights[i, 1]
        if not seen or not weight > 0:
            continue
        column, right, slope_u = _corner((u + 0.5) * scale_u - 0.5, w)
        row, low, slope_v = _corner((v + 0.5) * scale_v - 0.5, h)
        cell = row * w + column
        along_u, along_v = 0.0, 0.0
        for c in range(2):
            top_left, top_right = table[cell, c], table[cell + 1, c]
            low_left, low_right = table[cell + w, c], table[cell + w + 1, c]
            top = top_left + right * (top_right - top_left)
            bottom = low_left + right * (low_right - low_left)
            value += weights[i, c] * (top + low * (bottom - top))
            across_top, across_low = top_right - top_left, low_right - low_left
            along_u += weights[i, c] * (across_top + low * (across_low - across_top))
            along_v += weights[i, c] * (bottom - top)
        along_u *= slope_u * scale_u
        along_v *= slope_v * scale_v
        if given:
            along_pixels[0, i], along_pixels[1, i], along_pixels[2, i] = along_u, along_v, weight
            continue
        _along_xi(lens, along_u, along_v, x, y, z, one)
        _accumulate(one, 1.0 / weight, gradient, information)
    return _packed(value, gradient, information)


@njit(inline="always", **OPTIONS)
def _along_xi(lens, along_u, along_v, x, y, z, out):
    """Write the derivatives (6,) along xi of a point's score from those along its pixel."""
    fx, skew, _, fy, _, _, _ = lens
    along_x = fx * along_u / z
    along_y = (fy * along_v + skew * along_u) / z
    along_z = -(along_x * x + along_y * y) / z
    out[0] = y * along_z - z * along_y
    out[1] = z * along_x - x * along_z
    out[2] = x * along_y - y * along_x
    out[3], out[4], out[5] = along_x, along_y, along_z


@njit(inline="always", **OPTIONS)
def _accumulate(one, factor, gradient, information):
    for a in range(6):
        gradient[a] += one[a]
        scaled = factor * one[a]
        for b in range(a + 1):
            information[a, b] += scaled * one[b]


@njit(inline="always", **OPTIONS)
def _packed(value, gradient, information):
    """Join value, gradient (6,) and information (6, 6), of which the lower half is filled."""
    packed = np.empty(43)
    packed[0] = value
    for a in range(6):
        packed[1 + a] = gradient[a]
        for b in range(a + 1):
            packed[7 + 6 * a + b] = packed[7 + 6 * b + a] = information[a, b]
    return packed
