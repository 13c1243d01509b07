"""All tables and the figure, end to end on a rendered frame with its labels."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from worker.bench.accuracy import Disturbance
from worker.bench.paper.data_set import PaperFrame
from worker.bench.paper.jobs import Variant
from worker.bench.paper.objectives import BOUND
from worker.bench.paper.plots import draw_all
from worker.bench.paper.provenance import provenance
from worker.bench.paper.report import markdown_report, write_report, write_results
from worker.bench.paper.reproduction import Reproduction, reproduce
from worker.calibration.config import CalibrationConfig
from worker.calibration.robust.settings import RobustSettings

QUICK = CalibrationConfig(
    num_samples=150,
    num_iterations=30,
    min_points_in_view=500,
    robust=RobustSettings(num_candidates=200, num_basins=2, num_finalists=1),
)


def without_cars(frame: PaperFrame) -> PaperFrame:
    """Return the same frame under another name, with no car in its image."""
    labels = frame.bench.frame.image_labels
    (car,) = frame.bench.frame.image_classes.ids_of("car")
    bare = replace(frame.bench.frame, name="no_car", image_labels=np.where(labels == car, 0, labels))
    return replace(frame, bench=replace(frame.bench, frame=bare))


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, int]]:
    return []


@pytest.fixture(scope="module")
def reproduction(rendered_frame, steps) -> Reproduction:
    frames = [rendered_frame, without_cars(rendered_frame)]
    return reproduce(
        frames,
        ["paper", "robust"],
        QUICK,
        seed=0,
        settings={"seed": 0},
        provenance=provenance(frames, None, None),
        on_step=lambda *step: steps.append(step),
    )


def test_every_frame_is_in_every_table(reproduction):
    """Two frames, the one without cars included, judged by both profiles."""
    assert [row.profile for row in reproduction.table1] == ["paper", "paper", "robust", "robust"]
    assert {row.frames for row in reproduction.table1} == {2}
    assert {row.frames_with_all_classes for row in reproduction.table1} == {1}
    assert [len(row.ratios) for row in reproduction.table3] == [2, 2]
    assert {row.objective for row in reproduction.figure7} == {"Eq. 1", "robust objective", BOUND.title}
    assert {row.frames for row in reproduction.figure7} == {2}
    assert [row.variant for row in reproduction.table2] == list(Variant)


def test_the_initialization_is_worth_having(reproduction):
    """Thirty steps of Adam alone do not bring a start back; the search does."""
    medians = {row.variant: row.errors[10.0].quaternion_median for row in reproduction.table2}
    assert medians[Variant.COMPLETE] < 0.5 * medians[Variant.WITHOUT_INITIALIZATION]


def test_the_robust_objective_counts_down(reproduction):
    """Its score is higher for better poses; as a loss it grows with the error, as Eq. 1 does."""
    turned = {row.objective: row.quaternion for row in reproduction.figure7 if row.poses == "turned only"}
    assert turned["robust objective"] > 0.5
    assert turned["Eq. 1"] > 0.5


def test_starts_are_those_of_the_accuracy_benchmark(reproduction, rendered_frame):
    """Every profile and variant begins where the others begin."""
    starts = [
        [job["initial_T_cam_lidar"] for job in records]
        for case, records in reproduction.jobs.items()
        if case.rotation_deg == 10
    ]
    assert len(starts) == 4
    assert all(np.allclose(start, starts[0]) for start in starts)
    first = Disturbance(10, 0).start(rendered_frame.bench.T_cam_lidar, seed=0, job=0)
    assert np.allclose(starts[0][0], first)


def test_it_says_how_far_it_is(reproduction, steps):
    """As many steps of each stage as were announced."""
    for stage in ("ranking poses", "calibrating"):
        totals = [total for name, total in steps if name == stage]
        assert totals == [len(totals)] * len(totals)
    assert len(steps) == 2 + 2 * 8


def test_the_report_lists_what_lacks_a_class(reproduction):
    """By name, with what is missing where."""
    report = markdown_report(reproduction)
    assert "- no_car: no car in the image" in report
    assert "- scene_000000" not in report


def test_every_table_says_what_the_networks_saw(reproduction):
    """The provenance stands below each table and the figure."""
    report = markdown_report(reproduction)
    sections = report.split("\n## ")[1:]
    assert [section.split(":")[0] for section in sections] == ["Table I", "Table II", "Table III", "Figure 7"]
    for section in sections:
        assert all(sentence in section for sentence in reproduction.provenance)


def test_files_are_written(reproduction, tmp_path: Path):
    """Numbers that a program can read, a report that links its pictures, and pictures that are not blank."""
    results = json.loads(write_results(tmp_path, reproduction).read_text())
    pictures = draw_all(tmp_path, reproduction)
    report = write_report(tmp_path, reproduction, pictures).read_text()
    assert results["lacking_a_class"] == {"no_car": ["car in the image"]}
    assert results["class_counts"]["no_car"]["car"]["pixels"] == 0
    assert sum(len(case["jobs"]) for case in results["jobs"]) == 16
    assert results["table3"][0]["geometric_mean"] == reproduction.table3[0].geometric_mean
    assert len(results["figure7_frames"]) == 18
    assert [picture.name for picture in pictures] == ["table1.png", "table3.png", "figure7.png"]
    for picture in pictures:
        assert f"]({picture.name})" in report
        assert np.asarray(Image.open(picture).convert("L")).std() > 5


def test_without_the_paper_profile_there_is_no_table2(reproduction):
    """It is said, rather than left out."""
    assert "Not measured" in markdown_report(replace(reproduction, table2=[]))
