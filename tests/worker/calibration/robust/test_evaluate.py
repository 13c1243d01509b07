"""What is said of a given extrinsic, on rendered streets."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from worker.calibration.robust.evaluate import evaluate_extrinsic
from worker.calibration.robust.judgement import DriftVerdict


@pytest.fixture(scope="module")
def told_of(rig):
    """Return what is told of the true extrinsic after a turn, on one frame; each turn is looked at once."""
    return functools.cache(lambda *turn_deg: evaluate_extrinsic(rig.frames[:1], rig.camera, rig.disturbed(turn_deg)))


def test_the_true_extrinsic_is_aligned(told_of) -> None:
    """And it says what drift it would have seen."""
    told = told_of(0, 0, 0)
    assert told.verdict is DriftVerdict.ALIGNED, told.reasons
    assert told.comparison.share_beaten > 0.9
    assert told.departure.rotation_deg < 0.5
    assert "would have been seen" in told.reasons[0]


def test_a_turned_camera_has_drifted(told_of) -> None:
    """The estimate says how far and which way back."""
    told = told_of(0, 1.2, 0)
    assert told.verdict is DriftVerdict.DRIFTED, told.reasons
    assert told.departure.along["yaw"] == pytest.approx(-1.2, abs=0.3)
    assert told.gain > 0
    assert told.comparison.z_score < told_of(0, 0, 0).comparison.z_score


def test_several_frames_see_smaller_drifts(rig, told_of) -> None:
    """They are judged together."""
    together = evaluate_extrinsic(rig.frames, rig.camera, rig.T_cam_lidar)
    alone = told_of(0, 0, 0)
    assert together.verdict is DriftVerdict.ALIGNED
    assert (
        together.departure.smallest_visible(together.test)["yaw"] < alone.departure.smallest_visible(alone.test)["yaw"]
    )


def test_the_given_extrinsic_comes_back_as_it_was(rig, told_of) -> None:
    """Nothing is replaced: it is only looked at."""
    np.testing.assert_array_equal(told_of(0, 0, 0).T_cam_lidar, rig.T_cam_lidar.matrix().numpy())


def test_nothing_in_view_cannot_be_told(rig) -> None:
    """An extrinsic that looks away is no drift: it is a mistake, and the reason says so."""
    told = evaluate_extrinsic(rig.frames[:1], rig.camera, rig.disturbed((180, 0, 0), (0, 0, -200)))
    assert told.verdict is DriftVerdict.CANNOT_TELL
    assert "direction" in told.reasons[0] or "too little" in told.reasons[0]
    assert told.departure is None


def test_a_cloud_of_one_class_cannot_be_told(rig) -> None:
    """There is nothing to align."""
    frame = rig.frames[0]
    bare = replace(frame, point_labels=np.full_like(frame.point_labels, frame.point_labels[0]), point_scores=None)
    told = evaluate_extrinsic([bare], rig.camera, rig.T_cam_lidar)
    assert told.verdict is DriftVerdict.CANNOT_TELL
    assert told.departure is None


def test_the_same_seed_tells_the_same(rig, told_of) -> None:
    """To the last digit."""
    first = told_of(0, 0, 0)
    second = evaluate_extrinsic(rig.frames[:1], rig.camera, rig.disturbed((0, 0, 0)))
    np.testing.assert_array_equal(first.departure.xi, second.departure.xi)
    assert first.comparison == second.comparison
