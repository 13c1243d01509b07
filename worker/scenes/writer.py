"""Frames on disk, laid out like the folders of real frames: see `write_frame`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from worker.scenes.arrays import Floats
from worker.scenes.frame import RenderedFrame
from worker.scenes.rig import camera_model
from worker.scenes.semantics import image_class_names, point_class_names

GENERATOR_VERSION = 1
"""Rises whenever the same seed gives another frame than before."""


def write_frame(folder: Path, frame: RenderedFrame) -> None:
    """Write a frame to a folder, which is made if need be.

    Files: `image.png`, `cloud.bin` (float32 x, y, z, intensity), `gt.json` (K, T_cam_lidar), `calib.txt` (KITTI
    odometry, of a pinhole), `labels.label` (uint32 a point), `image_labels.png` (8-bit ids), `point_classes.json` and
    `image_classes.json` (id to name), `meta.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame.image).save(folder / "image.png")
    np.column_stack([frame.points, frame.intensity]).astype("<f4").tofile(folder / "cloud.bin")
    frame.point_labels.astype("<u4").tofile(folder / "labels.label")
    Image.fromarray(frame.image_labels.astype(np.uint8)).save(folder / "image_labels.png")
    truth = {
        "convention": "x_pix ~ K @ (T_cam_lidar @ [x, y, z, 1])[:3]; the centre of the top-left pixel is (0, 0)",
        **camera_model(frame.scene.config, frame.K).model_dump(exclude_defaults=True, mode="json"),
        "T_cam_lidar": frame.T_cam_lidar.tolist(),
    }
    _write_json(folder / "gt.json", truth)
    _write_json(folder / "image_classes.json", {str(key): name for key, name in image_class_names().items()})
    _write_json(folder / "point_classes.json", {str(key): name for key, name in point_class_names().items()})
    _write_json(folder / "meta.json", _meta(frame))
    if "distortion" not in truth and "model" not in truth:
        (folder / "calib.txt").write_text(_kitti_calibration(frame.K, frame.T_cam_lidar), encoding="utf-8")


def _meta(frame: RenderedFrame) -> dict[str, object]:
    config = frame.scene.config
    lidar = config.lidar
    height, width = frame.image.shape[:2]
    return {
        "dataset": "semalign rendered street scenes",
        "generator_version": GENERATOR_VERSION,
        "seed": frame.scene.seed,
        "index": frame.scene.index,
        "sensor": f"simulated spinning LiDAR, {lidar.num_beams} beams, "
        f"{lidar.elevation_top_deg:g} to {lidar.elevation_bottom_deg:g} degrees",
        "image_size_wh": [width, height],
        "points": len(frame.points),
        "range_noise_m": lidar.range_noise_m,
        "label_noise": config.label_noise,
        "licence": "rendered by semalign; Apache-2.0",
    }


def _kitti_calibration(K: Floats, T_cam_lidar: Floats) -> str:
    projection = np.column_stack([K, np.zeros(3)])
    lines = [("P2", projection), ("Tr", T_cam_lidar[:3])]
    return "".join(f"{name}: " + " ".join(f"{value:.12e}" for value in rows.ravel()) + "\n" for name, rows in lines)


def _write_json(path: Path, value: dict[str, object] | dict[str, str]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
