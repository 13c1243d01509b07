"""Frames are told apart by what their folders say about their origin."""

import json

import pytest

from worker.bench.paper.data_set import (
    KITTI_DETECTION,
    KITTI_ODOMETRY,
    UNNAMED,
    DataSet,
    by_data_set,
    data_set_of,
    source_of,
)
from worker.inputs import InputError
from worker.inputs.frame_folder import FrameFolder


@pytest.mark.parametrize(
    ("source", "data_set"),
    [
        ("KITTI odometry seq 00", KITTI_ODOMETRY),
        ("KITTI object detection training", KITTI_DETECTION),
        ("KITTI object detection testing", KITTI_DETECTION),
        ("KITTI raw 2011_09_26", DataSet("KITTI raw 2011_09_26")),
        ("", UNNAMED),
    ],
)
def test_the_origin_names_the_data_set(source, data_set):
    """Splits of one data set are one; anything else stands for itself."""
    assert data_set_of(source) == data_set


def test_only_the_calibration_of_kitti_detection_is_doubted():
    """The paper calls it misaligned, and no other."""
    assert not KITTI_DETECTION.published_calibration_is_accurate
    assert KITTI_ODOMETRY.published_calibration_is_accurate
    assert UNNAMED.published_calibration_is_accurate


def test_the_origin_is_read_from_the_folder(tmp_path):
    """`meta.json` says it among other remarks; without one there is none."""
    assert source_of(FrameFolder(tmp_path)) == ""
    (tmp_path / "meta.json").write_text(json.dumps({"dataset": "KITTI odometry seq 07", "points": 3}))
    assert source_of(FrameFolder(tmp_path)) == "KITTI odometry seq 07"


def test_an_origin_that_is_no_text_is_refused(tmp_path):
    """A broken folder is named, not guessed at."""
    (tmp_path / "meta.json").write_text('{"dataset": 7}')
    with pytest.raises(InputError, match="dataset"):
        source_of(FrameFolder(tmp_path))


def test_frames_are_grouped_in_their_order(street_frame):
    """The first data set met comes first, and each keeps the order of its frames."""
    frames = [street_frame(d, n) for d, n in ((KITTI_DETECTION, "a"), (KITTI_ODOMETRY, "b"), (KITTI_DETECTION, "c"))]
    groups = by_data_set(frames)
    assert [(d, [f.name for f in g]) for d, g in groups.items()] == [
        (KITTI_DETECTION, ["a", "c"]),
        (KITTI_ODOMETRY, ["b"]),
    ]
