"""Exponents of time over size, and the sizes that are tried."""

import pytest

from worker.bench.speed import growth
from worker.bench.speed.case import PAIRWISE
from worker.bench.speed.growth import POINTS, Growing, Series
from worker.bench.speed.timing import Stopwatch

IMPATIENT = Stopwatch(shortest_s=0)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_power_law_has_its_exponent(power):
    """Over all sizes and between the last two."""
    series = Series(POINTS, "task", (10, 100, 1000), tuple(3 * n**power for n in (10, 100, 1000)))
    assert series.exponent == pytest.approx(power)
    assert series.last_exponent == pytest.approx(power)


def test_fixed_costs_show_in_the_last_exponent():
    """They flatten the fit over all sizes, but hardly the step between the largest: both are told."""
    series = Series(POINTS, "task", (1, 10, 100, 1000), tuple(50 + n for n in (1, 10, 100, 1000)))
    assert series.exponent < 0.6 < 0.8 < series.last_exponent < 1


def test_one_size_has_no_exponent():
    """Where patience ended at the first size, no number is made up."""
    assert Series(POINTS, "task", (10,), (1.0,)).exponent is None


def test_the_slow_way_is_given_up(monkeypatch):
    """Pairwise distances are followed until an evaluation takes too long; what is ours is measured to the end."""
    monkeypatch.setattr(growth, "_PATIENCE_S", 0.0)
    tried = []

    def make(size):
        tried.append(size)
        return lambda _index: None

    for task in (PAIRWISE, "robust job"):
        growth._follow(Growing(POINTS, task, (1, 2, 3), make), 1, IMPATIENT)
    assert tried == [1, 1, 2, 3]
