"""The verdict: one word, with the sentences that led to it."""

import math
from dataclasses import replace

import pytest
import torch

from worker.calibration.robust.confidence import AXES, Confidence
from worker.calibration.robust.verdict import Level, Thresholds, is_usable, judge

SURE = Confidence(
    sigma=dict.fromkeys(AXES, 0.1),
    observed=dict.fromkeys(AXES, True),
    covariance=torch.eye(6),
    least_drop=0.3,
    rival_margin=math.inf,
    rival_distance_deg=0.0,
    cue_disagreement_deg=0.1,
    score=2.0,
    full_sweeps=1.0,
)
DOUBTS = {
    "little structure": {"least_drop": 0.001},
    "Another extrinsic, 5.0 degrees away": {"rival_margin": 0.001, "rival_distance_deg": 5.0},
    "ask for extrinsics 3.0 degrees apart": {"cue_disagreement_deg": 3.0},
    "20% of what a full 64-beam sweep shows": {"full_sweeps": 0.2},
    "only known to about 2.0 degrees": {"sigma": {**SURE.sigma, "roll": 2.0}},
}


def test_no_doubt_is_high():
    """With every signal of trust the word is `high`, with how well the rotation is known."""
    verdict = judge(replace(SURE, sigma={**SURE.sigma, "roll": 0.17}))
    assert verdict.level is Level.HIGH
    assert len(verdict.reasons) == 1
    assert "0.17 degrees" in verdict.reasons[0]


@pytest.mark.parametrize("says", DOUBTS)
def test_a_single_doubt_is_low_and_says_which(says):
    """Each signal alone takes the trust away, in its own sentence with its number."""
    verdict = judge(replace(SURE, **DOUBTS[says]))
    assert verdict.level is Level.LOW
    assert len(verdict.reasons) == 1
    assert says in verdict.reasons[0]


def test_all_doubts_are_told():
    """One does not hide another, and each is a sentence."""
    changes = {name: value for doubt in DOUBTS.values() for name, value in doubt.items()}
    reasons = judge(replace(SURE, **changes)).reasons
    assert len(reasons) == len(DOUBTS)
    assert all(reason[0].isupper() and reason.endswith(".") for reason in reasons)


def test_few_points_must_agree_more_closely():
    """What half a sweep shows is fitted by chance more easily; more than a full one buys no leniency."""
    doubtful = replace(SURE, cue_disagreement_deg=0.6)
    assert judge(doubtful).level is Level.HIGH
    assert judge(replace(doubtful, full_sweeps=0.5)).level is Level.LOW
    assert judge(replace(SURE, full_sweeps=0.5)).level is Level.HIGH
    assert judge(replace(SURE, cue_disagreement_deg=1.0, full_sweeps=4.0)).level is Level.LOW


def test_a_rival_that_fits_much_worse_is_none():
    """What matters is its score, not how far away it lies."""
    assert judge(replace(SURE, rival_margin=0.5, rival_distance_deg=7.0)).level is Level.HIGH


def test_shifts_do_not_count_against_the_rotation():
    """An unknown centre leaves the rotation as sure as it is."""
    assert judge(replace(SURE, sigma={**SURE.sigma, "forward": 5.0})).level is Level.HIGH


def test_the_limits_can_be_others():
    """Thresholds are a value like any other."""
    assert judge(SURE, Thresholds(sigma_deg=0.05)).level is Level.LOW


@pytest.mark.parametrize("changes", [{"score": math.nan}, {"sigma": {**SURE.sigma, "yaw": math.inf}}])
def test_numbers_that_are_none_are_unusable(changes):
    """What is not finite cannot be judged."""
    assert is_usable(SURE)
    assert not is_usable(replace(SURE, **changes))
