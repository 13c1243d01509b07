"""Frame folders: the layout of the real frames and of the rendered ones."""

import json
import struct

import numpy as np
import pytest
from PIL import Image

from worker.inputs import InputError
from worker.inputs.frame_folder import FrameFolder, list_frame_folders

K = [[700.0, 0.0, 8.0], [0.0, 700.0, 4.0], [0.0, 0.0, 1.0]]
T_CAM_LIDAR = [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]]


@pytest.fixture
def write_frame(tmp_path):
    def write(name: str = "frame", *, labels: bool = True, **truth: object) -> FrameFolder:
        path = tmp_path / name
        path.mkdir()
        Image.new("RGB", (16, 8), (1, 2, 3)).save(path / "image.png")
        rows = [(1, 2, 3, 0.5), (0, 0, 0, 0), (4, 5, 6, 0.25)]
        (path / "cloud.bin").write_bytes(b"".join(struct.pack("<4f", *row) for row in rows))
        content = {"convention": "a remark", "K": K, "T_cam_lidar": T_CAM_LIDAR} | truth
        (path / "gt.json").write_text(json.dumps(content))
        if labels:
            Image.new("L", (16, 8), 7).save(path / "image_labels.png")
            (path / "labels.label").write_bytes(struct.pack("<3I", 40, 0, 10))
            (path / "image_classes.json").write_text('{"7": "road"}')
            (path / "point_classes.json").write_text('{"40": "road", "10": "car"}')
        return FrameFolder(path)

    return write


def test_a_whole_folder_is_read(write_frame):
    """Image, cloud, calibration, labels and what the labels mean."""
    frame = write_frame()
    assert frame.name == "frame"
    assert frame.image().shape == (8, 16, 3)
    cloud = frame.cloud()
    np.testing.assert_array_equal(cloud.points, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(frame.K, K)
    np.testing.assert_array_equal(frame.camera.matrix(), K)
    np.testing.assert_allclose(frame.T_cam_lidar, T_CAM_LIDAR, atol=1e-15)
    assert frame.distortion == ()
    assert (frame.image_labels() == 7).all()
    np.testing.assert_array_equal(cloud.of_kept_points(frame.point_labels()), [40, 10])
    assert frame.image_classes() == {7: "road"}
    assert frame.point_classes() == {40: "road", 10: "car"}


def test_labels_may_be_absent(write_frame):
    """A folder without labels says so by None."""
    frame = write_frame(labels=False)
    assert frame.image_labels() is frame.point_labels() is frame.image_classes() is frame.point_classes() is None


def test_distorted_frames_have_their_camera(write_frame):
    """Coefficients and camera model stand beside K."""
    frame = write_frame(distortion=[-0.1, 0.2, 0, 0])
    assert frame.distortion == frame.camera.coefficients() == (-0.1, 0.2, 0, 0)


def test_camera_models_of_frames(write_frame):
    """A frame may come from any camera that a request may name."""
    assert write_frame(model="double_sphere", xi=-0.2, alpha=0.6).camera.alpha == 0.6


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        ({"K": None}, "invalid-request"),
        ({"K": [[1, 0], [0, 1]]}, "invalid-request"),
        ({"T_cam_lidar": (2 * np.eye(4)).tolist()}, "non-rigid-extrinsic"),
    ],
)
def test_wrong_truth_is_refused(write_frame, truth, code):
    """The sentence names the file."""
    with pytest.raises(InputError, match=r"gt\.json") as caught:
        _ = write_frame(**truth).T_cam_lidar
    assert caught.value.code in {code, "missing-field"}


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    """A folder that lacks a file fails where that file is wanted, with its path."""
    frame = FrameFolder(tmp_path / "absent")
    for access in (frame.image, frame.cloud, lambda: frame.K):
        with pytest.raises(InputError, match="absent"):
            access()


def test_folders_are_listed_by_name(write_frame, tmp_path):
    """Sorted, selected by a glob, other folders passed over."""
    for name in ("b_2", "a_1", "b_1"):
        write_frame(name)
    (tmp_path / "formats").mkdir()
    assert [f.name for f in list_frame_folders(tmp_path)] == ["a_1", "b_1", "b_2"]
    assert [f.name for f in list_frame_folders(tmp_path, "b_*")] == ["b_1", "b_2"]
    with pytest.raises(InputError, match="'c_\\*'"):
        list_frame_folders(tmp_path, "c_*")


def test_every_real_frame_is_read(test_data):
    """Truth of every real frame is rigid, its cloud and image are whole, and `formats` is no frame."""
    frames = list_frame_folders(test_data)
    assert "formats" not in [frame.name for frame in frames]
    assert len(list_frame_folders(test_data, "kitti00_*")) == 10
    for frame in frames:
        rotation = frame.T_cam_lidar[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        cloud = frame.cloud()
        assert len(cloud.points) > 20_000
        height, width = frame.image().shape[:2]
        assert 0 < frame.K[0, 2] < width
        assert 0 < frame.K[1, 2] < height
        if (labels := frame.point_labels()) is not None:
            assert len(cloud.of_kept_points(labels)) == len(cloud.points)
