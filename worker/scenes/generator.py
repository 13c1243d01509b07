"""The generator: a seed and an index become a street scene."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from worker.scenes.arrays import Floats
from worker.scenes.config import ContentConfig, LidarConfig, LookConfig, SceneConfig
from worker.scenes.ground import Ground
from worker.scenes.layout import Layout
from worker.scenes.lighting import draw_light
from worker.scenes.materials.base import Colour
from worker.scenes.materials.pavement import Pavement, Shade
from worker.scenes.noise import Noise
from worker.scenes.rig import draw_rig
from worker.scenes.scene import Scene

_RIG_STREAM, _SCENE_STREAM = 1, 2


def generate(seed: int, index: int, config: SceneConfig | None = None) -> Scene:
    """Return scene number `index` of the sequence `seed`; the same arguments give the same scene.

    All scenes of a sequence share one rig, unless `config.rig.varies`.
    """
    config = config or SceneConfig()
    rig_key = [seed, _RIG_STREAM, index] if config.rig.varies else [seed, _RIG_STREAM]
    rng = np.random.default_rng([seed, _SCENE_STREAM, index])
    noise = Noise(int(rng.integers(2**31)))
    light = draw_light(config.look, rng)
    ground = _draw_ground(config.content, rng)
    layout = Layout(ground, config.content, noise, rng)
    layout.furnish()
    return Scene(
        seed=seed,
        index=index,
        config=config,
        rig=draw_rig(config, np.random.default_rng(rig_key)),
        T_world_lidar=_mount_lidar(ground, config.lidar, rng),
        ground=ground,
        pavement=_draw_pavement(ground, config.look, tuple(layout.shades), rng),
        solids=tuple(layout.solids),
        light=light,
        noise=noise,
    )


def _draw_ground(content: ContentConfig, rng: np.random.Generator) -> Ground:
    narrow = rng.random() < 0.25
    half_width = float(rng.uniform(3.6, 4.1) if narrow else rng.uniform(5.2, 6.0))
    crossing = None
    if rng.random() < content.crossing:
        crossing = (float(rng.uniform(20.0, 55.0)), float(rng.uniform(2.8, 3.8)))
    return Ground(
        # Past cars parked on one side of a narrow street one drives in its middle.
        centre_offset=(0.4 if narrow else 1.7) + float(rng.normal(0.0, 0.12)),
        heading=float(rng.normal(0.0, 0.015)),
        curvature=float(rng.uniform(-content.curvature_per_m, content.curvature_per_m)),
        grade=float(rng.uniform(-content.grade, content.grade)),
        grade_change=float(rng.uniform(-content.grade, content.grade)) / 60.0,
        half_width=half_width,
        kerb_height=float(rng.uniform(0.10, 0.14)),
        verge=float(rng.uniform(1.2, 2.2)) if rng.random() < 0.4 else 0.0,
        sidewalk=float(rng.uniform(1.7, 3.0)),
        bank=float(rng.uniform(0.0, 0.05)),
        relief=float(rng.uniform(0.1, 0.5)),
        paved_yards=bool(rng.random() < 0.25),
        crossing=crossing,
    )


def _draw_pavement(ground: Ground, look: LookConfig, shades: tuple[Shade, ...], rng: np.random.Generator) -> Pavement:
    grey = float(rng.uniform(0.085, 0.17))
    slab = float(rng.uniform(0.24, 0.36))
    return Pavement(
        ground=ground,
        asphalt=(grey * 1.02, grey, grey * 0.97),
        slabs=(slab, slab * float(rng.uniform(0.93, 0.99)), slab * float(rng.uniform(0.82, 0.95))),
        slab_size=((0.5, 0.5), (0.4, 0.4), (0.2, 0.1), (0.6, 0.4))[rng.integers(4)],
        grass=_grass(rng),
        centre_dash=float(rng.choice([0.0, 3.0, 4.0], p=[0.3, 0.35, 0.35])),
        edge_line=bool(rng.random() < 0.3),
        shades=shades,
    )


def _grass(rng: np.random.Generator) -> Colour:
    tone = rng.uniform(0.8, 1.15)
    return float(0.085 * tone), float(0.135 * tone), float(0.035 * tone)


def _mount_lidar(ground: Ground, lidar: LidarConfig, rng: np.random.Generator) -> Floats:
    """Return T_world_lidar: upright on the road beneath, but for the give of the suspension."""
    up = ground.normals(np.zeros(1), np.zeros(1))[0]
    ahead = np.array([1.0, 0.0, 0.0]) - up * up[0]
    ahead /= np.linalg.norm(ahead)
    sway = Rotation.from_euler("xyz", rng.normal(0.0, 0.3, 3) * (1.0, 1.0, 0.0), degrees=True).as_matrix()
    T_world_lidar = np.eye(4)
    T_world_lidar[:3, :3] = np.column_stack([ahead, np.cross(up, ahead), up]) @ sway
    T_world_lidar[:3, 3] = lidar.height_m * up
    return T_world_lidar
