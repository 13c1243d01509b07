"""Street scenes rendered with exact truth: image, point cloud, labels of both, and the extrinsic.

`generate` draws a scene from a seed, `render` lets its camera and LiDAR look at it through one ray caster, so that
both see the very same geometry, and `write_frame` writes the result as a frame folder.
"""

from worker.scenes.config import (
    CameraConfig,
    ContentConfig,
    LidarConfig,
    LookConfig,
    RigConfig,
    SceneConfig,
)
from worker.scenes.frame import RenderedFrame, render
from worker.scenes.generator import generate
from worker.scenes.scene import Scene
from worker.scenes.semantics import Semantic, image_class_names, point_class_names
from worker.scenes.variation import vary
from worker.scenes.writer import write_frame

__all__ = [
    "CameraConfig",
    "ContentConfig",
    "LidarConfig",
    "LookConfig",
    "RenderedFrame",
    "RigConfig",
    "Scene",
    "SceneConfig",
    "Semantic",
    "generate",
    "image_class_names",
    "point_class_names",
    "render",
    "vary",
    "write_frame",
]
