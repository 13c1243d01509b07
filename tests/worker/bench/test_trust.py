"""Whether verdicts are judged against the truth."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.bench.trust import trust_summary

SIGMA = {"pitch": 0.1, "yaw": 0.1, "roll": 0.1, "right": 0.01, "down": 0.01, "forward": 0.01}


def job(verdict, turn_deg=(0.0, 0.0, 0.0), shift_m=(0.0, 0.0, 0.0), start_deg=5.0, sigma=SIGMA):
    error = np.eye(4)
    error[:3, :3] = Rotation.from_rotvec(turn_deg, degrees=True).as_matrix()
    error[:3, 3] = shift_m
    truth = np.eye(4)
    truth[:3, :3] = Rotation.from_euler("xyz", [90, 0, 90], degrees=True).as_matrix()
    truth[:3, 3] = [0.1, -0.2, 0.3]
    return {
        "verdict": verdict,
        "sigma": sigma,
        "estimate_T_cam_lidar": (error @ truth).tolist(),
        "true_T_cam_lidar": truth.tolist(),
        "rotation_error_deg": float(np.linalg.norm(turn_deg)),
        "initial_rotation_error_deg": start_deg,
    }


def test_shares_count_what_was_judged():
    """Jobs without a verdict are no part of any share; wrong and worse ones are counted among `high` only."""
    jobs = [
        job("high"),
        job("high", turn_deg=(2.0, 0, 0)),
        job("high", turn_deg=(0, 6.0, 0)),
        job("low", turn_deg=(0, 0, 9.0)),
        job(None),
    ]
    summary = trust_summary(jobs)
    assert summary["share_high"] == pytest.approx(3 / 4)
    assert summary["share_of_high_over_1_deg"] == pytest.approx(2 / 3)
    assert summary["high_but_worse_than_start"] == 1


def test_coverage_takes_each_direction_by_itself():
    """An error beyond two sigma counts against its own direction, in the camera's axes."""
    summary = trust_summary([job("high", turn_deg=(0.3, 0.1, 0.0), shift_m=(0.0, 0.0, 0.05)), job("high")])
    within = summary["high_within_2_sigma"]
    assert within == {
        "pitch": 0.5,
        "yaw": 1.0,
        "roll": 1.0,
        "right": 1.0,
        "down": 1.0,
        "forward": 0.5,
        "all": pytest.approx(10 / 12),
    }


def test_nothing_to_say_without_verdicts():
    """A profile that gives no verdict has no trust to measure; no `high` means no share of it."""
    assert trust_summary([job(None)]) is None
    none_high = trust_summary([job("low", sigma=None)])
    assert none_high["share_high"] == 0
    assert none_high["share_of_high_over_1_deg"] is None
    assert none_high["high_within_2_sigma"] == {}
