"""Rows say what is required, what is hoped for, and which of it is met."""

import pytest

from worker.bench.speed.machine import Machine, Work
from worker.bench.speed.rows import Row, seconds_shown, shown


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [
        (0.2, False, "goal"),
        (0.21, False, "required"),
        (0.6, False, "required"),
        (0.61, False, "missed"),
        (0.61, True, "goal"),
        (0.19, True, "missed"),
    ],
)
def test_the_best_bound_that_is_kept_is_named(value, at_least, met):
    """A bound itself is kept; bounds from below turn round."""
    required, goal = (0.2, 0.6) if at_least else (0.6, 0.2)
    assert Row("job", value, "s", required, goal, at_least).met == met


def test_a_row_without_bounds_meets_nothing():
    """Nor misses anything."""
    row = Row("job", 3.0, "s", note="labels given")
    assert row.cells == ("job", "3.00 s", "", "", "", "labels given")


def test_a_missed_row_stands_out():
    """In bold, with both bounds in words."""
    row = Row("ratio", 12.0, "x", 20.0, 60.0, at_least=True)
    assert row.cells == ("ratio", "12.0 x", "at least 20.0 x", "at least 60.0 x", "**missed**", "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.50 s"), (0.0345, "34.5 ms"), (4.2e-5, "42.0 µs"), (7e-8, "70.0 ns")]
)
def test_seconds_come_in_the_unit_that_suits_them(seconds, text):
    """Three digits, whatever the size."""
    assert seconds_shown(seconds) == text


def test_large_numbers_keep_all_their_digits():
    """Thousands are not rounded away."""
    assert shown(1234.5, "x") == "1,234 x"


def test_the_floor_is_the_slower_of_memory_and_arithmetic():
    """Both work at once, each at its full rate."""
    machine = Machine(bytes_per_second=1e9, operations_per_second=1e10)
    assert machine.least_seconds(Work(bytes=2e9, operations=1e10)) == 2.0
    assert machine.least_seconds(Work(bytes=1e9, operations=3e10)) == 3.0
    assert machine.least_seconds((Work(1e9, 0) + Work(0, 1e10)).times(4)) == 4.0
