"""The running estimate of a rig's drift."""

import numpy as np
import pytest

from worker.calibration.robust.confidence import AXES as AXES_OF_THE_CORE
from worker.rigs.estimate import AXES, DriftEstimate

SIGMA = np.array([np.radians(0.3)] * 3 + [0.05] * 3)
COVARIANCE = np.diag(SIGMA**2)
TURN = np.array([0, np.radians(0.8), 0, 0, 0, 0])


def fed(truth: np.ndarray, frames: int, seed: int = 0, estimate: DriftEstimate | None = None) -> DriftEstimate:
    """Return the estimate after frames that see the truth, give or take what they state."""
    rng = np.random.default_rng(seed)
    estimate = estimate or DriftEstimate.unknown()
    for index in range(frames):
        estimate = estimate.after(truth + SIGMA * rng.normal(size=6), COVARIANCE, 60.0 * index)
    return estimate


def test_directions_are_those_of_the_core() -> None:
    """The one needs no torch, the other does; both mean the same by xi."""
    assert AXES == AXES_OF_THE_CORE


def test_frames_add_up() -> None:
    """Twenty are surer than one, but never surer than what all of them share."""
    one, twenty = fed(np.zeros(6), 1), fed(np.zeros(6), 20)
    assert twenty.sigma["yaw"] < 0.5 * one.sigma["yaw"]
    assert twenty.sigma["yaw"] > twenty.model.common_sigma[1]
    assert twenty.smallest_visible["yaw"] < one.smallest_visible["yaw"]


def test_right_rigs_raise_no_alarm() -> None:
    """Of two hundred rigs with ten frames each; errors that frames share only widen the doubt."""
    alarms = [fed(np.zeros(6), 10, seed).is_drifted for seed in range(200)]
    assert sum(alarms) <= 4


def test_a_drift_is_found_with_its_size() -> None:
    """Ten frames tell a turn of 0.8 degrees, and about which axis."""
    estimate = fed(TURN, 10)
    assert estimate.is_drifted
    assert estimate.along["yaw"] == pytest.approx(0.8, abs=0.3)
    assert abs(estimate.along["pitch"]) < 0.3


def test_nothing_is_known_before_the_first_frame() -> None:
    """No drift either."""
    assert not DriftEstimate.unknown().is_drifted


def test_one_frame_that_lies_moves_little() -> None:
    """A wild departure among good ones is weighed down, whatever it states."""
    good = fed(np.zeros(6), 10)
    wild = good.after(10 * TURN, COVARIANCE, 700.0)
    assert wild.contradictions == 1
    assert not wild.is_drifted
    assert abs(wild.along["yaw"]) < 0.5


def test_three_contradictions_in_a_row_are_believed() -> None:
    """The rig was hit: its estimate follows at once, not over weeks."""
    estimate = fed(np.zeros(6), 50)
    for index in range(3):
        assert not estimate.is_drifted
        estimate = estimate.after(2 * TURN, COVARIANCE, 3000.0 + index)
    assert estimate.is_drifted
    assert estimate.along["yaw"] == pytest.approx(1.6, abs=0.2)


def test_old_frames_fade() -> None:
    """After half a year, less is known than before."""
    estimate = fed(np.zeros(6), 30)
    later = estimate.after(np.zeros(6), 100 * COVARIANCE, 180 * 86400.0)
    assert later.sigma["roll"] > 2 * estimate.sigma["roll"]


def test_a_frame_that_comes_late_is_taken_in() -> None:
    """Workers finish in any order; time does not run backwards for it."""
    estimate = fed(np.zeros(6), 3).after(np.zeros(6), COVARIANCE, 0.0)
    assert (estimate.frames, estimate.at) == (4, 120.0)


def test_it_survives_being_written() -> None:
    """To the last digit."""
    estimate = fed(TURN, 3)
    read = DriftEstimate.from_json(estimate.to_json())
    np.testing.assert_array_equal(read.covariance, estimate.covariance)
    assert read.along == estimate.along
    assert (read.frames, read.at) == (estimate.frames, estimate.at)
