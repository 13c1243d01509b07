"""Telling drift from chance."""

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from worker.calibration.robust.departure import Departure, DriftTest

SIGMA = np.array([np.radians(0.2)] * 3 + [0.04] * 3)
PLAIN = DriftTest(inflation=1.0)


def test_one_right_extrinsic_in_a_hundred_is_an_alarm() -> None:
    """As many as the test promises, of departures that err as they state."""
    rng = np.random.default_rng(0)
    drawn = (Departure(xi, np.diag(SIGMA**2)) for xi in SIGMA * rng.normal(size=(20_000, 6)))
    share = np.mean([departure.statistic(PLAIN) > PLAIN.threshold for departure in drawn])
    assert share == pytest.approx(0.01, abs=0.003)


def test_threshold_and_power_are_those_of_the_distribution() -> None:
    """Against an independent library."""
    assert PLAIN.threshold == pytest.approx(chi2(6).isf(0.01))
    assert ncx2(6, PLAIN.visible_distance**2).sf(PLAIN.threshold) == pytest.approx(0.9, abs=1e-6)


def test_the_smallest_visible_drift_is_seen_nine_times_in_ten() -> None:
    """With correlated directions too: a turn that a shift could explain is harder to see."""
    covariance = np.diag(SIGMA**2)
    covariance[0, 4] = covariance[4, 0] = 0.9 * SIGMA[0] * SIGMA[4]
    size = np.radians(Departure(np.zeros(6), covariance).smallest_visible(PLAIN)["pitch"])
    xi = np.random.default_rng(0).multivariate_normal([size, 0, 0, 0, 0, 0], covariance, 5000)
    share = np.mean([Departure(each, covariance).statistic(PLAIN) > PLAIN.threshold for each in xi])
    assert share == pytest.approx(0.9, abs=0.02)


def test_stated_doubts_that_were_too_large_are_taken_back() -> None:
    """The inflation scales the statistic and the smallest visible drift alike."""
    departure = Departure(SIGMA, np.diag(SIGMA**2))
    half = DriftTest(inflation=0.5)
    assert departure.statistic(half) == pytest.approx(2 * departure.statistic(PLAIN))
    assert departure.smallest_visible(half)["yaw"] < departure.smallest_visible(PLAIN)["yaw"]


def test_departures_are_told_in_the_units_of_people() -> None:
    """Degrees about the axes, metres along them."""
    departure = Departure(np.array([0, np.radians(1), 0, 0, 0.03, 0.04]), np.eye(6))
    assert departure.along["yaw"] == pytest.approx(1.0)
    assert departure.along["forward"] == 0.04
    assert departure.rotation_deg == pytest.approx(1.0)
    assert departure.shift_m == pytest.approx(0.05)
