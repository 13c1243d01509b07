"""A scene: everything a sensor needs to look at it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.scenes.arrays import Floats
from worker.scenes.config import SceneConfig
from worker.scenes.ground import Ground
from worker.scenes.lighting import Light
from worker.scenes.materials.pavement import Pavement
from worker.scenes.noise import Noise
from worker.scenes.rig import Rig
from worker.scenes.solids import Solid


@dataclass(frozen=True)
class Scene:
    """A street scene and the rig that looks at it.

    The world frame has its origin on the road below the LiDAR, x along the vehicle, z up.

    Attributes:
        seed: of the sequence.
        index: number of the frame in it.
        config: what was asked for.
        rig: intrinsics and extrinsic.
        T_world_lidar: (4, 4) where the LiDAR stands, metres.
        ground: road, sidewalks and land.
        pavement: their finish.
        solids: everything that stands on them.
        light: sun and sky.
        noise: of the textures.
    """

    seed: int
    index: int
    config: SceneConfig
    rig: Rig
    T_world_lidar: Floats
    ground: Ground
    pavement: Pavement
    solids: tuple[Solid, ...]
    light: Light
    noise: Noise
