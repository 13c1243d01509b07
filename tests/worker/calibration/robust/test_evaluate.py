"""What is said of a given extrinsic, on rendered streets."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from worker.calibration.robust import evaluate
from worker.calibration.robust.confidence import assess
from worker.calibration.robust.evaluate import evaluate_extrinsic
from worker.calibration.robust.judgement import DriftVerdict
from worker.calibration.robust.local_climb import Surroundings, look_around


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


@pytest.mark.parametrize(
    ("what", "reason"), [("no top", "hardly changes"), ("worse than most", "Most small turns of the camera explain")]
)
def test_what_contradicts_itself_is_not_called_aligned(
    rig, monkeypatch: pytest.MonkeyPatch, what: str, reason: str
) -> None:
    """Far off, a climb may end where it began: on no top, or below most of the turns that were looked at."""
    if what == "no top":
        monkeypatch.setattr(evaluate, "assess", lambda found: replace(assess(found), least_drop=-0.01))
    else:
        monkeypatch.setattr(evaluate, "look_around", _below_most)
    told = evaluate_extrinsic(rig.frames[:1], rig.camera, rig.T_cam_lidar)
    assert told.departure.statistic(told.test) < told.test.threshold
    assert told.verdict is DriftVerdict.CANNOT_TELL
    assert reason in told.reasons[0]


def _below_most(*arguments) -> Surroundings:
    around = look_around(*arguments)
    return replace(around, given=float(around.others.median()) - 0.01)


def test_a_drift_beyond_reach_is_told_without_trust_in_its_size(rig, told_of) -> None:
    """At half a turn the best extrinsic nearby is degrees away, the right one is not; small drifts have a size."""
    far = evaluate_extrinsic(rig.frames[2:], rig.camera, rig.disturbed((133.5, 96.9, -72.0)))
    assert far.verdict is DriftVerdict.DRIFTED
    assert 3 < far.departure.rotation_deg < 20
    assert "may lie much further" in far.reasons[0]
    assert "much further" not in told_of(0, 1.2, 0).reasons[0]


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
