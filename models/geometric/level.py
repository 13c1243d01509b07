"""Which way is up, and how high above the ground the cloud's origin lies, found from the cloud alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Ground farther away bends, and walls dominate there.
_REACH_M = 30.0
_CELL_M = 0.5
_MOST_CELLS = 5000
_HYPOTHESES = 2000
_TOLERANCE_M = 0.15
# Returns below a plane speak against it being the ground; those just below it may be its slope.
_BELOW_M = 0.6
_BELOW_COST = 2.0
# A LiDAR is carried by a vehicle or a robot: the origin lies on the ground or up to this high above it.
_MAX_HEIGHT_M = 5.0
_ORIGIN_SLACK_M = 0.7
_MIN_SHARE = 0.08
_MIN_CELLS = 60
_MIN_SINE = 0.2
# Nearly every cloud has z pointing up, and in a narrow street a wall is as good a plane as the ground.
_USUAL_TILT_COSINE = 0.9
_USUAL_FAVOUR = 3.0


@dataclass(frozen=True)
class Level:
    """How to turn a cloud upright.

    Attributes:
        rotation: (3, 3), turns points of the cloud so that z points up.
        height_m: height of the cloud's origin above the ground below it; about 0 in a vehicle frame.
    """

    rotation: Floats
    height_m: float

    def apply(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Return points (N, 3) upright, with the ground below the origin at z = 0, metres."""
        upright = points.astype(np.float32) @ self.rotation.T.astype(np.float32)
        upright[:, 2] += np.float32(self.height_m)
        return upright


def find_level(points: npt.NDArray[np.floating]) -> Level | None:
    """Find the dominant plane that has the scene on one side of it.

    Planes through triples of points compete; places count, not points, so that the dense returns next to the sensor do
    not decide. The axes may be any, but z up is preferred where planes compete.

    Args:
        points: (N, 3), metres, finite, around an origin on the vehicle that carries the sensor.

    Returns:
        The level, or None where no plane can pass for the ground.
    """
    places = _places(points)
    if len(places) < _MIN_CELLS:
        return None
    normals, offsets = _hypotheses(places, np.random.default_rng(0))
    if not len(normals):
        return None
    best = int(np.argmax(_scores(places, normals, offsets)))
    normal, offset = _refined(places, normals[best], float(offsets[best]))
    inliers = np.abs(places @ normal + offset) < _TOLERANCE_M
    if inliers.mean() < _MIN_SHARE or inliers.sum() < _MIN_CELLS:
        return None
    return Level(rotation_to_z(normal), offset)


def rotation_to_z(normal: Floats) -> Floats:
    """Return the smallest rotation (3, 3) that takes a unit vector (3,) to the z axis."""
    if normal[2] < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    x, y, z = normal
    axis_cross = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])
    return np.eye(3) + axis_cross + axis_cross @ axis_cross / (1 + z)


def _places(points: npt.NDArray[np.floating]) -> Floats:
    """Return one point (M, 3) of each occupied cell within reach, at most `_MOST_CELLS` of them."""
    near = points[np.einsum("ij,ij->i", points, points) < _REACH_M**2].astype(np.float64)
    cells = np.floor(near / _CELL_M).astype(np.int64) + (1 << 10)
    _, first = np.unique((cells[:, 0] << 22) | (cells[:, 1] << 11) | cells[:, 2], return_index=True)
    return near[first[:: max(1, -(-len(first) // _MOST_CELLS))]]


def _hypotheses(places: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return unit normals (H, 3) and offsets (H,) of planes n . p + d = 0 with the origin on them or above them."""
    a, b, c = (places[rng.integers(0, len(places), _HYPOTHESES)] for _ in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    spans = np.linalg.norm(b - a, axis=1) * np.linalg.norm(c - a, axis=1)
    sound = lengths > np.maximum(_MIN_SINE * spans, 1.0)
    normals = normals[sound] / lengths[sound, None]
    offsets = -np.einsum("ij,ij->i", normals, a[sound])
    # Both sides may be up: near a vehicle frame's origin the sign of the offset does not tell.
    normals, offsets = np.concatenate([normals, -normals]), np.concatenate([offsets, -offsets])
    plausible = (offsets > -_ORIGIN_SLACK_M) & (offsets < _MAX_HEIGHT_M)
    return normals[plausible], offsets[plausible]


def _scores(places: Floats, normals: Floats, offsets: Floats) -> Floats:
    """Return (H,) places on each plane, less those that lie below it, with favour for planes whose up is about z."""
    heights = places.astype(np.float32) @ normals.T.astype(np.float32) + offsets.astype(np.float32)
    on = (np.abs(heights) < _TOLERANCE_M).sum(0)
    below = (heights < -_BELOW_M).sum(0)
    favour = np.where(normals[:, 2] > _USUAL_TILT_COSINE, _USUAL_FAVOUR, 1.0)
    return favour * np.maximum(on - _BELOW_COST * below, 0)


def _refined(places: Floats, normal: Floats, offset: float) -> tuple[Floats, float]:
    """Fit the plane to the places on it, and again to those on the fit."""
    for tolerance in (2 * _TOLERANCE_M, _TOLERANCE_M, _TOLERANCE_M):
        on = places[np.abs(places @ normal + offset) < tolerance]
        center = on.mean(0)
        fitted = np.linalg.eigh((on - center).T @ (on - center))[1][:, 0]
        normal = fitted if fitted @ normal > 0 else -fitted
        offset = float(-normal @ center)
    return normal, offset
