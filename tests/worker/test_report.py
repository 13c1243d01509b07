"""The `result` object holds what was promised, consistent with itself and fit for JSON."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.calibration.outcome import Outcome
from worker.calibration.result import AlignmentLoss, CalibrationResult, ClassLoss, SearchRecord
from worker.report import difference_object, extrinsic_object, result_object

BEFORE = AlignmentLoss(1000.0, 12.5, {"car": ClassLoss(600.0, 40), "road": ClassLoss(400.0, 60)})
AFTER = AlignmentLoss(50.0, 0.5, {"car": ClassLoss(20.0, 44), "road": ClassLoss(30.0, 70)})


def extrinsic(rotvec=(0.3, -1.2, 0.8), translation=(0.05, -0.06, -0.29)) -> np.ndarray:
    T_cam_lidar = np.eye(4)
    T_cam_lidar[:3, :3] = Rotation.from_rotvec(rotvec).as_matrix()
    T_cam_lidar[:3, 3] = translation
    return T_cam_lidar


def report(result: CalibrationResult) -> dict:
    return result_object(
        result,
        seconds={"segmentation": 1.23456789, "calibration": 4.0},
        models={"image": {"source": "network", "name": "a"}, "cloud": {"source": "uploaded labels"}},
        seed=7,
        version="1.2.3",
        dropped_points=5,
    )


@pytest.fixture
def result() -> CalibrationResult:
    initial = extrinsic((0.3, -1.1, 0.8), (0.0, 0.0, 0.0))
    return CalibrationResult(Outcome.CONVERGED, extrinsic(), initial, BEFORE, AFTER, SearchRecord(12, (1000.0, 50.0)))


def test_every_promised_field_is_there(result):
    """The fields of the documented example, each with its parts."""
    written = report(result)
    assert set(written) >= {
        "outcome",
        "message",
        "T_cam_lidar",
        "quaternion_wxyz",
        "translation_m",
        "axis_angle_rad",
        "camera_center_lidar_m",
        "change",
        "alignment_loss",
        "seconds",
        "models",
        "seed",
        "version",
    }
    assert set(written["change"]) == {"rotation_deg", "camera_center_m"}
    assert set(written["alignment_loss"]) == {"before", "after", "ratio"}
    for stage in ("before", "after"):
        assert set(written["alignment_loss"][stage]) == {"total_px2", "mean_distance_px", "per_class"}
    assert written["outcome"] == "converged"
    assert written["message"] == Outcome.CONVERGED.sentence
    assert written["seconds"] == {"segmentation": 1.2346, "calibration": 4.0}
    assert (written["seed"], written["version"], written["dropped_points"]) == (7, "1.2.3", 5)
    assert written["candidates_rejected"] == 12


def test_it_is_json(result):
    """Plain numbers, strings and lists, none of them NaN: what is written is what is read."""
    written = report(result)
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_all_forms_of_the_extrinsic_agree():
    """Quaternion, axis-angle, translation column and camera centre say the same as the matrix."""
    T_cam_lidar = extrinsic()
    written = extrinsic_object(T_cam_lidar)
    rotation = Rotation.from_matrix(T_cam_lidar[:3, :3])
    np.testing.assert_array_equal(written["T_cam_lidar"], T_cam_lidar)
    np.testing.assert_allclose(np.roll(written["quaternion_wxyz"], -1), rotation.as_quat(canonical=True), atol=1e-15)
    np.testing.assert_allclose(written["axis_angle_rad"], rotation.as_rotvec(), atol=1e-15)
    np.testing.assert_array_equal(written["translation_m"], T_cam_lidar[:3, 3])
    center = np.array([*written["camera_center_lidar_m"], 1.0])
    np.testing.assert_allclose(T_cam_lidar @ center, [0, 0, 0, 1], atol=1e-15)


def test_change_is_the_angle_between_and_the_way_of_the_centre():
    """A turn of the camera about its own centre changes the angle only; a step the centre only."""
    T_cam_lidar = extrinsic()
    turn, step = np.eye(4), np.eye(4)
    turn[:3, :3] = Rotation.from_euler("y", 8.7, degrees=True).as_matrix()
    step[:3, 3] = (0.3, 0.0, -0.4)
    assert difference_object(T_cam_lidar, turn @ T_cam_lidar) == pytest.approx(
        {"rotation_deg": 8.7, "camera_center_m": 0.0}, abs=1e-9
    )
    assert difference_object(T_cam_lidar, step @ T_cam_lidar) == pytest.approx(
        {"rotation_deg": 0.0, "camera_center_m": 0.5}, abs=1e-9
    )


def test_losses_are_told_per_class_with_their_points(result):
    """Before and after, with the ratio of the totals."""
    losses = report(result)["alignment_loss"]
    assert losses["before"]["per_class"]["car"] == {"px2": 600.0, "points": 40}
    assert losses["after"]["total_px2"] == 50.0
    assert losses["after"]["mean_distance_px"] == 0.5
    assert losses["ratio"] == pytest.approx(0.05)


def test_a_loss_of_nothing_has_no_ratio():
    """Where nothing was to improve the ratio is null rather than infinite."""
    nothing = AlignmentLoss(0.0, 0.0, {})
    same = extrinsic()
    written = report(CalibrationResult(Outcome.NO_COMMON_CLASS, same, same, nothing, nothing))
    assert written["alignment_loss"]["ratio"] is None
    assert written["change"] == pytest.approx({"rotation_deg": 0, "camera_center_m": 0}, abs=1e-9)
    # Points that left the picture miss nothing: that is no improvement.
    something = AlignmentLoss(600.0, 3.0, {"car": ClassLoss(600.0, 40)})
    left = report(CalibrationResult(Outcome.CONVERGED, same, same, something, nothing))
    assert left["alignment_loss"]["ratio"] is None
    assert json.dumps(written, allow_nan=False)
