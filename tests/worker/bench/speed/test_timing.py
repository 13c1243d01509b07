"""Alternatives take turns; medians and ratios are those of the rounds. No test asks how long anything took."""

import pytest

from worker.bench.speed.timing import Stopwatch, Timing, median_ratio

IMPATIENT = Stopwatch(shortest_s=0)


def test_alternatives_take_turns():
    """After a turn each that is not counted: a, b, a, b, and each is told the number of the round."""
    calls = []
    timings = IMPATIENT.alternating(
        {"a": lambda index: calls.append(("a", index)), "b": lambda index: calls.append(("b", index))}, rounds=2
    )
    assert calls == [("a", 0), ("b", 0), ("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(timing.seconds) for timing in timings.values()] == [2, 2]


def test_short_work_is_repeated_within_its_turn():
    """The clock would otherwise count for more than the work; what is returned is one run's share."""
    calls = []
    seconds = Stopwatch(shortest_s=0.005).seconds(lambda: calls.append(1))
    assert len(calls) > 10
    assert 0 < seconds < 0.005


def test_ratios_are_taken_within_rounds():
    """A round in which the machine was slow for both leaves their ratio alone."""
    slow, fast = Timing((10.0, 80.0, 12.0)), Timing((1.0, 8.0, 1.0))
    assert median_ratio(slow, fast) == 10.0
    assert slow.median == 12.0


def test_a_share_of_the_work_stands_for_the_whole():
    """Ten of 5,000 candidates: five hundred times as long, and said to be extrapolated."""
    whole = Timing((0.5,)).scaled_to_whole(10 / 5000)
    assert whole.seconds == pytest.approx((250.0,))
    assert whole.is_extrapolated
    assert not Timing((0.5,)).is_extrapolated
