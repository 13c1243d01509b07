"""Poses around the known extrinsic, wrong by known amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

Floats = npt.NDArray[np.float64]

NUM_POSES = 200
MAX_ROTATION_DEG, MAX_TRANSLATION_M = 10.0, 1.0


@dataclass(frozen=True)
class PoseSet:
    """Which poses; angle and distance are uniform up to the bounds, axis and direction uniform over the sphere."""

    title: str
    max_rotation_deg: float
    max_translation_m: float

    def sample(self, truth: Floats, seed: int, frame: int) -> Floats:
        """Draw extrinsics (N, 4, 4) for frame number `frame`: the camera turns about its own centre and moves."""
        rng = np.random.default_rng([seed, frame])
        axes, directions = (_unit(rng.normal(size=(NUM_POSES, 3))) for _ in range(2))
        angles_rad = np.radians(rng.uniform(0, self.max_rotation_deg, (NUM_POSES, 1)))
        distances_m = rng.uniform(0, self.max_translation_m, (NUM_POSES, 1))
        errors = np.tile(np.eye(4), (NUM_POSES, 1, 1))
        errors[:, :3, :3] = Rotation.from_rotvec(axes * angles_rad).as_matrix()
        errors[:, :3, 3] = directions * distances_m
        return errors @ truth


# The paper does not say whether its poses are wrong in both at once; the first set is what its text suggests.
POSE_SETS = (
    PoseSet("turned and moved", MAX_ROTATION_DEG, MAX_TRANSLATION_M),
    PoseSet("turned only", MAX_ROTATION_DEG, 0.0),
    PoseSet("moved only", 0.0, MAX_TRANSLATION_M),
)


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
