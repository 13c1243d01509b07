"""Render the sample frame of the web page: `python docs/recipes/page_sample.py service/page/sample`.

The files are small enough to be kept with the page: every other point of the sweep, packed, and one byte a label.
"""

import io
import json
import sys
from pathlib import Path

import laspy
import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from worker.scenes import generate, image_class_names, point_class_names, render
from worker.scenes.frame import RenderedFrame

SEED, INDEX = 0, 1
KEEP_EVERY = 2
# Roll, pitch and yaw of the camera by which the start is wrong, degrees: plain to see, and within the stated 10.
WRONG_BY_DEG = (3.0, -4.0, 8.0)
PACKED_TO_M = 0.002


def main(folder: Path) -> None:
    """Write the files."""
    frame = render(generate(SEED, INDEX))
    kept = np.arange(0, len(frame.points), KEEP_EVERY)
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame.image).save(folder / "image.jpg", quality=86)
    Image.fromarray(frame.image_labels.astype(np.uint8)).save(folder / "image_labels.png", optimize=True)
    np.save(folder / "point_labels.npy", frame.point_labels[kept].astype(np.uint8))
    (folder / "cloud.laz").write_bytes(_packed(frame.points[kept], frame.intensity[kept]))
    (folder / "request.json").write_text(json.dumps(_request(frame)) + "\n")
    (folder / "truth.json").write_text(json.dumps({"T_cam_lidar": frame.T_cam_lidar.tolist()}) + "\n")


def _packed(points: np.ndarray, intensity: np.ndarray) -> bytes:
    cloud = laspy.LasData(laspy.LasHeader(point_format=0, version="1.2"))
    cloud.header.scales = np.full(3, PACKED_TO_M)
    cloud.x, cloud.y, cloud.z = points.T
    cloud.intensity = np.clip(intensity * 255, 0, 255).astype(np.uint16)
    buffer = io.BytesIO()
    cloud.write(buffer, do_compress=True)
    return buffer.getvalue()


def _request(frame: RenderedFrame) -> dict[str, object]:
    start = frame.T_cam_lidar.copy()
    roll, pitch, yaw = WRONG_BY_DEG
    start[:3] = Rotation.from_euler("zxy", (roll, pitch, yaw), degrees=True).as_matrix() @ start[:3]
    return {
        "camera": {"model": "pinhole", "K": frame.K.tolist(), "distortion": []},
        "initial": {"T_cam_lidar": np.round(start, 9).tolist()},
        "prior": {"rotation_deg": 10, "translation_m": 0.2},
        "image_label_map": {str(key): name for key, name in image_class_names().items()},
        "point_label_map": {str(key): name for key, name in point_class_names().items()},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
