"""Frame folders: complete, readable with plain tools, and the same bytes for the same seed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from worker.scenes import RenderedFrame, SceneConfig, generate, render, write_frame

Render = Callable[[int, int, SceneConfig], RenderedFrame]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_config: SceneConfig, rendered: Render) -> Path:
    """Return a written frame."""
    path = tmp_path_factory.mktemp("frames") / "scene_000000"
    write_frame(path, rendered(1, 0, small_config))
    return path


def test_a_folder_holds_what_the_frame_held(folder: Path, small_config: SceneConfig, rendered: Render) -> None:
    """Image, cloud, labels and truth are read back as rendered."""
    frame = rendered(1, 0, small_config)
    cloud = np.fromfile(folder / "cloud.bin", dtype="<f4").reshape(-1, 4)
    truth = json.loads((folder / "gt.json").read_text())
    assert np.array_equal(np.asarray(Image.open(folder / "image.png")), frame.image)
    assert np.array_equal(np.asarray(Image.open(folder / "image_labels.png")), frame.image_labels)
    assert np.array_equal(cloud[:, :3], frame.points)
    assert np.array_equal(cloud[:, 3], frame.intensity)
    assert np.array_equal(np.fromfile(folder / "labels.label", dtype="<u4"), frame.point_labels)
    assert np.array_equal(truth["K"], frame.K)
    assert np.array_equal(truth["T_cam_lidar"], frame.T_cam_lidar)


def test_kitti_calibration_agrees_with_the_truth(folder: Path) -> None:
    """P2 @ Tr of calib.txt projects like K and T_cam_lidar of gt.json."""
    lines = dict(line.split(": ") for line in (folder / "calib.txt").read_text().splitlines())
    projection, extrinsic = (np.array(lines[key].split(), dtype=float).reshape(3, 4) for key in ("P2", "Tr"))
    truth = json.loads((folder / "gt.json").read_text())
    assert projection[:, :3] == pytest.approx(np.array(truth["K"]))
    assert extrinsic == pytest.approx(np.array(truth["T_cam_lidar"])[:3])


def test_every_label_has_a_name(folder: Path) -> None:
    """The ids in the label files are all named in the class files."""
    image_names = json.loads((folder / "image_classes.json").read_text())
    point_names = json.loads((folder / "point_classes.json").read_text())
    assert {str(label) for label in np.unique(np.asarray(Image.open(folder / "image_labels.png")))} <= set(image_names)
    assert {str(label) for label in np.unique(np.fromfile(folder / "labels.label", dtype="<u4"))} <= set(point_names)


def test_same_seed_same_bytes(folder: Path, tmp_path: Path, small_config: SceneConfig) -> None:
    """Written twice, every file is the same byte by byte."""
    write_frame(tmp_path, render(generate(1, 0, small_config)))
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)
