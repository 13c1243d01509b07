"""The table judges what was measured by what is required and hoped for, and leaves out what was not measured."""

import json
from dataclasses import replace

import pytest

from worker.bench.speed.benchmark import Measured, SpeedSettings
from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE
from worker.bench.speed.comparison import DESCENT, EVALUATION, SEARCH, Agreement, Comparison
from worker.bench.speed.growth import CANDIDATES, POINTS, ROBUST_JOB, Series
from worker.bench.speed.jobs import ROBUST, TRACKING
from worker.bench.speed.machine import Machine
from worker.bench.speed.memory import Peak
from worker.bench.speed.plots import draw_growth
from worker.bench.speed.report import as_json, markdown
from worker.bench.speed.table import rows
from worker.bench.speed.through_service import ThroughService
from worker.bench.speed.throughput import Throughput
from worker.bench.speed.timing import Timing

_WAYS = {PAIRWISE: Timing((0.9, 0.8)), KD_TREE: Timing((0.05, 0.01)), FIELD: Timing((0.001, 0.001))}
_EXTRAPOLATED = {**_WAYS, PAIRWISE: Timing((5.0, 5.0), measured_share=0.001)}


@pytest.fixture
def measured() -> Measured:
    """Return made-up measurements."""
    return Measured(
        settings=SpeedSettings(),
        frames=("street",),
        machine=Machine(2e10, 1e11),
        processor="two cores",
        comparison=Comparison(
            {EVALUATION: _WAYS, SEARCH: _EXTRAPOLATED, DESCENT: _EXTRAPOLATED},
            {KD_TREE: Agreement(1e-6, 1e-5, 1e-3), FIELD: Agreement(0.02, 0.01, 0.01)},
        ),
        jobs={ROBUST: Timing((0.3, 0.5, 0.4)), TRACKING: Timing((0.015,))},
        floors={
            **{task: dict.fromkeys(_WAYS, 1e-5) for task in (EVALUATION, SEARCH, DESCENT)},
            ROBUST: {ROBUST: 0.001},
        },
        growth=(
            Series(POINTS, ROBUST_JOB, (1, 10, 100), (0.1, 1.0, 20.0)),
            Series(CANDIDATES, ROBUST_JOB, (1, 10), (1.0, 10.0)),
        ),
        peaks=(Peak(ROBUST, 450.0),),
        service=ThroughService((1.0, 3.0, 1.5), 900.0, with_networks=True),
        throughput=(Throughput(1, 120.0, 0.5, 1.0), Throughput(2, 110.0, 0.52, 1.0)),
        notes=("Networks: a and b.",),
    )


def test_every_bound_is_judged(measured: Measured):
    """Ratios by round, seconds by median, memory of the worker, exponents of what is ours."""
    met = {row.name: (round(row.value, 3), row.met) for row in rows(measured)}
    assert met[f"loss by {FIELD}, difference from {PAIRWISE}, most of all poses"] == (2.0, "missed")
    assert met[f"{EVALUATION}: {FIELD} against {PAIRWISE}"] == (850.0, "required")
    assert met[f"{EVALUATION}: {FIELD} against {KD_TREE}"] == (30.0, "required")
    assert met[ROBUST] == (0.4, "required")
    assert met[TRACKING] == (15.0, "goal")
    assert met["`POST` to result, one frame, warm worker"] == (1.5, "required")
    assert met["worker's peak memory, robust job"] == (900.0, "required")
    assert met[f"exponent in {POINTS}: {ROBUST_JOB}"] == (1.151, "missed")
    assert met[f"exponent in {CANDIDATES}: {ROBUST_JOB}"] == (1.0, "")


def test_what_was_extrapolated_is_said_to_be(measured: Measured):
    """Only the search and the descent of the slow way are."""
    notes = {row.name: row.note for row in rows(measured)}
    assert notes[f"{SEARCH}: {FIELD} against {PAIRWISE}"] == "the slow one extrapolated"
    assert notes[f"{SEARCH}: {FIELD} against {KD_TREE}"] == ""
    assert "extrapolated from 0.10%" in markdown(measured)


def test_without_a_service_memory_is_that_of_the_job(measured: Measured):
    """The row of the way through the service is left out, not made up."""
    names = {row.name: row.value for row in rows(replace(measured, service=None))}
    assert names["peak memory, robust job"] == 450.0
    assert not any("POST" in name for name in names)


def test_the_report_holds_every_row(measured: Measured):
    """In words and as numbers, with the median of every job."""
    report, results = markdown(measured), json.loads(json.dumps(as_json(measured)))
    assert all(f"| {row.name} |" in report for row in rows(measured))
    assert [row["name"] for row in results["rows"]] == [row.name for row in rows(measured)]
    assert results["medians"]["jobs"][ROBUST] == 0.4
    assert "- Networks: a and b." in report


def test_growth_is_drawn(measured: Measured, tmp_path):
    """One panel a size, a series of a single size included."""
    single = Series("pixels", ROBUST_JOB, (100.0,), (1.0,))
    path = draw_growth(tmp_path / "growth.png", [*measured.growth, single])
    assert path.read_bytes().startswith(b"\x89PNG")
