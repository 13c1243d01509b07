"""Rigid transforms as callers write them: rounded, sometimes wrong."""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# Six printed digits leave an error of 1e-6, three digits one of 1e-3; a scale or a shear is far beyond.
RIGID_TOLERANCE = 1e-3


def rigid_problem(transform: Matrix) -> str | None:
    """Say why a finite 4x4 matrix is no rigid transform, or None where it is one up to rounding."""
    rotation = transform[:3, :3]
    if np.abs(transform[3] - [0, 0, 0, 1]).max() > RIGID_TOLERANCE:
        return "the last row must be 0 0 0 1 (is the matrix transposed?)"
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.abs(rotation.T @ rotation - np.eye(3)).max()
    if not deviation <= RIGID_TOLERANCE:
        return f"the upper left 3x3 block R is no rotation: R^T R differs from the identity by {deviation:.2g}"
    if np.linalg.det(rotation) < 0:
        return "the upper left 3x3 block R mirrors (determinant -1): an axis is flipped"
    return None


def nearest_rigid(transform: Matrix) -> Matrix:
    """Return the rigid transform (4, 4) whose rotation is nearest to the given one in the Frobenius norm."""
    u, _, vt = np.linalg.svd(transform[:3, :3])
    rigid = np.eye(4)
    rigid[:3, :3] = u @ vt
    rigid[:3, 3] = transform[:3, 3]
    return rigid


def inverse_rigid(transform: Matrix) -> Matrix:
    """Return the inverse (4, 4) of a rigid transform."""
    inverse = np.eye(4)
    inverse[:3, :3] = transform[:3, :3].T
    inverse[:3, 3] = -transform[:3, :3].T @ transform[:3, 3]
    return inverse


def rotation_from_quaternion_wxyz(quaternion: Matrix) -> Matrix:
    """Return the rotation matrix (3, 3) of a unit quaternion w, x, y, z (Hamilton's convention)."""
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> Matrix:
    """Return R = Rz(yaw) Ry(pitch) Rx(roll), angles in radians: turns about fixed axes x, then y, then z."""
    (sr, sp, sy), (cr, cp, cy) = np.sin([roll, pitch, yaw]), np.cos([roll, pitch, yaw])
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def quaternion_wxyz_from_rotation(rotation: Matrix) -> Matrix:
    """Return the unit quaternion w, x, y, z, w >= 0, of a rotation matrix (3, 3).

    The eigenvector of the largest eigenvalue of Bar-Itzhack's matrix, which no angle makes inaccurate.
    """
    (a, b, c), (d, e, f), (g, h, i) = rotation
    symmetric = np.array(
        [
            [a - e - i, d + b, g + c, h - f],
            [d + b, e - a - i, h + f, c - g],
            [g + c, h + f, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    x, y, z, w = np.linalg.eigh(symmetric)[1][:, -1]
    quaternion = np.array([w, x, y, z])
    return -quaternion if w < 0 else quaternion


def rpy_from_rotation(rotation: Matrix) -> Matrix:
    """Return roll, pitch and yaw, radians, of `rotation_from_rpy`; where pitch is a right angle, yaw is 0."""
    pitch = np.arctan2(-rotation[2, 0], np.hypot(rotation[0, 0], rotation[1, 0]))
    if np.hypot(rotation[0, 0], rotation[1, 0]) < 1e-9:
        return np.array([np.arctan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0])
    return np.array([np.arctan2(rotation[2, 1], rotation[2, 2]), pitch, np.arctan2(rotation[1, 0], rotation[0, 0])])
