"""The figures of the service as a table."""

import pytest

from worker.bench.service.report import Figure, figures_of, markdown, percentile

RESULTS = {
    "settings": {},
    "figures": [
        {"name": "latency", "value": 123.4, "unit": "ms", "at_most": 250, "at_least": None},
        {"name": "rate", "value": 412.0, "unit": "1/s", "at_most": None, "at_least": 500},
        {"name": "idle", "value": 0.0, "unit": "MiB", "at_most": None, "at_least": None},
    ],
}


def test_the_table_says_what_was_missed() -> None:
    """Every figure has a row, with its bound and whether it holds."""
    assert markdown(RESULTS).splitlines()[2:] == [
        "| latency | 123 ms | at most 250 | holds |",
        "| rate | 412 1/s | at least 500 | **missed** |",
        "| idle | 0 MiB |  |  |",
    ]


def test_a_bound_itself_is_kept() -> None:
    """At most and at least include their number; a figure without a bound neither holds nor misses."""
    assert Figure("a", 250, "ms", at_most=250).holds is True
    assert Figure("a", 1.79, "x", at_least=1.8).holds is False
    assert figures_of(RESULTS)[2].holds is None


@pytest.mark.parametrize(("percent", "value"), [(50, 10), (95, 19), (100, 20), (1, 1)])
def test_percentiles_are_measured_values(percent: float, value: int) -> None:
    """None is made up between two."""
    assert percentile(range(20, 0, -1), percent) == value
