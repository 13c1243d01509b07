"""What is said of a given extrinsic by tracking, on rendered streets."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from worker.calibration.robust.judgement import DriftVerdict
from worker.calibration.robust.track_evaluation import evaluate_by_tracking


@pytest.fixture(scope="module")
def told_of(rig):
    """Return what is told of the true extrinsic after a turn, on one frame; each turn is looked at once."""
    return functools.cache(lambda *turn_deg: evaluate_by_tracking(rig.frames[:1], rig.camera, rig.disturbed(turn_deg)))


def test_the_true_extrinsic_is_aligned(rig) -> None:
    """On every frame alone; a false alarm would be one in a hundred."""
    for frame in rig.frames:
        told = evaluate_by_tracking([frame], rig.camera, rig.T_cam_lidar)
        assert told.verdict is DriftVerdict.ALIGNED, told.reasons
        assert told.departure.rotation_deg < 0.5


def test_a_turned_camera_has_drifted(told_of) -> None:
    """The estimate says how far and which way back, and explains the frame better by Eq. 1, too."""
    told = told_of(0, 1.2, 0)
    assert told.verdict is DriftVerdict.DRIFTED, told.reasons
    assert told.departure.along["yaw"] == pytest.approx(-1.2, abs=0.4)
    assert told.gain > 0
    assert told.loss_at_estimate.total_px2 < told.loss.total_px2


def test_what_tracking_does_not_compute_is_none(told_of) -> None:
    """There is no look around and no full assessment."""
    told = told_of(0, 0, 0)
    assert (told.comparison, told.confidence) == (None, None)


def test_the_given_extrinsic_comes_back_as_it_was(rig, told_of) -> None:
    """Nothing is replaced: it is only looked at."""
    np.testing.assert_array_equal(told_of(0, 1.2, 0).T_cam_lidar, rig.disturbed((0, 1.2, 0)).matrix().numpy())


def test_what_lies_out_of_reach_cannot_be_told(told_of) -> None:
    """The rig learns nothing from a climb that stopped halfway; the reason says what to do."""
    told = told_of(0, -4.0, 0)
    assert (told.verdict, told.departure) == (DriftVerdict.CANNOT_TELL, None)
    assert "without tracking" in told.reasons[0]


def test_nothing_in_view_cannot_be_told(rig) -> None:
    """As with a full evaluation."""
    told = evaluate_by_tracking(rig.frames[:1], rig.camera, rig.disturbed((180, 0, 0), (0, 0, -200)))
    assert (told.verdict, told.departure) == (DriftVerdict.CANNOT_TELL, None)


def test_a_cloud_of_one_class_cannot_be_told(rig) -> None:
    """There is nothing to align."""
    frame = rig.frames[0]
    bare = replace(frame, point_labels=np.full_like(frame.point_labels, frame.point_labels[0]), point_scores=None)
    told = evaluate_by_tracking([bare], rig.camera, rig.T_cam_lidar)
    assert (told.verdict, told.departure) == (DriftVerdict.CANNOT_TELL, None)
    assert "too little in common" in told.reasons[0]


def test_several_frames_see_smaller_drifts(rig, told_of) -> None:
    """They are judged together."""
    together, alone = evaluate_by_tracking(rig.frames, rig.camera, rig.T_cam_lidar), told_of(0, 0, 0)
    assert together.verdict is DriftVerdict.ALIGNED
    assert (
        together.departure.smallest_visible(together.test)["yaw"] < alone.departure.smallest_visible(alone.test)["yaw"]
    )
