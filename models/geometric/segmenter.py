"""Classes from geometry alone: no training, no intensities, no particular LiDAR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.catalogue.entry import CatalogueEntry
from models.geometric.classes import Kind
from models.geometric.foliage import foliage_probability
from models.geometric.ground import find_ground
from models.geometric.level import find_level
from models.geometric.poles import find_poles
from models.geometric.texture import find_texture
from models.geometric.vehicles import vehicle_probability
from models.segmentation import Segmentation

Shares = npt.NDArray[np.float32]

# Nearer returns come from the vehicle itself or are no measurement.
_MIN_RANGE_M = 1.0
# Farther returns are too sparse to have a shape, and some are no distance any sensor measures.
_MAX_RANGE_M = 200.0
# How often what looks like a pole is one, on labelled SemanticKITTI returns.
_POLE_SHARE = 0.9
# Returns just above the ground belong to it or to the foot of something.
_FOOT_M = 0.3
_FOOT_GROUND_SHARE = 0.7


class GeometricSegmenter:
    """Splits a cloud into ground, cars, poles, walls and foliage, each with a probability.

    The way up and the height of the origin are found from the cloud, so that sensor and vehicle frames with any axes
    do. Where no ground is found, within a metre of the origin and beyond 200 m, points stay unlabeled.
    """

    def __init__(self, entry: CatalogueEntry, _files: Mapping[str, bytes], _device: str) -> None:
        self.name = entry.name
        self._class_names = entry.class_names

    def segment(self, points: npt.NDArray[np.float32]) -> Segmentation:
        """Segment points (N, 3 or more) float32: x, y, z in metres; further columns are not looked at."""
        shares = np.zeros((len(points), len(Kind)), np.float32)
        shares[:, Kind.UNLABELED] = 1
        xyz = points[:, :3]
        ranges = np.linalg.norm(xyz.astype(np.float64), axis=1)
        measured = np.flatnonzero((ranges > _MIN_RANGE_M) & (ranges < _MAX_RANGE_M))
        level = find_level(xyz[measured])
        if level is not None:
            shares[measured] = class_shares(level.apply(xyz[measured]))
        return Segmentation(shares.argmax(1).astype(np.uint8), self._class_names, shares.astype(np.float16))


def class_shares(upright: npt.NDArray[np.float32]) -> Shares:
    """Return the probability (N, kinds) of every kind for the points (N, 3) of an upright cloud, metres."""
    ground = find_ground(upright)
    shares = np.zeros((len(upright), len(Kind)), np.float32)
    shares[ground.is_ground, Kind.GROUND] = 1
    standing = ~ground.is_ground
    shares[standing] = _standing_shares(upright[standing], ground.height_m[standing])
    return shares


def _standing_shares(points: npt.NDArray[np.float32], height: npt.NDArray[np.float32]) -> Shares:
    """Return the probabilities (N, kinds) of points (N, 3) that stand `height` (N,) above the ground."""
    texture = find_texture(points)
    foliage = foliage_probability(points, texture)
    shares = np.zeros((len(points), len(Kind)), np.float32)
    shares[:, Kind.BUILDING], shares[:, Kind.VEGETATION] = 1 - foliage, foliage
    for kind, probability in (
        (Kind.POLE, _POLE_SHARE * find_poles(points, height)),
        (Kind.CAR, vehicle_probability(points, height, texture)),
        (Kind.GROUND, _FOOT_GROUND_SHARE * np.clip(1 - height / _FOOT_M, 0, 1)),
    ):
        shares *= 1 - probability[:, None]
        shares[:, kind] += probability
    return shares
