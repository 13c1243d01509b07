"""`semalign bench speed`: every part of it once, on a small street; what it measures is no test's business."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from worker.bench.speed.source import FrameSource


def run(*arguments: object):
    return CliRunner().invoke(app, ["bench", "speed", *map(str, arguments)], env={"COLUMNS": "160"})


@pytest.fixture
def street_folder(tmp_path: Path) -> Path:
    """Return a folder with one rendered street."""
    FrameSource.rendered(tmp_path / "streets", tmp_path / "cache", 1, small=True)
    return tmp_path / "streets"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_part_is_measured(street_folder: Path, tmp_path: Path):
    """Table, numbers and picture; the ways agree, and every row of the table is there."""
    out = tmp_path / "out"
    arguments = ["--labels", street_folder, "--cloud-model", "geometric", "--threads", 1, "--quick"]
    result = run(street_folder, "--out", out, *arguments)
    assert result.exit_code == 0, result.output
    report, results = (out / "speed.md").read_text(), json.loads((out / "speed.json").read_text())
    assert (out / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert all(each["loss"] <= each["tolerance"] for each in results["comparison"]["agreement"].values())
    names = {row["name"]: row for row in results["rows"]}
    for name, required, goal in [
        ("loss and gradient: alignment field against pairwise distances", 400, 1000),
        ("loss and gradient: alignment field against KD-tree", 20, 60),
        ("paper, one frame", 4.0, 1.0),
        ("robust, one frame", 0.6, 0.2),
        ("robust, 10 frames", 2.5, 0.6),
        ("tracking, one frame", 80, 20),
        ("exponent in frames: robust job", 1.05, 1.0),
        ("peak memory, robust job", 1200, 800),
    ]:
        assert (names[name]["required"], names[name]["goal"]) == (required, goal)
        assert f"| {name} |" in report
    assert {task: set(ways) for task, ways in results["medians"].items() if task != "jobs"} == {
        task: {"pairwise distances", "KD-tree", "alignment field"}
        for task in ("loss and gradient", "search of the candidates", "iterations of Adam")
    }
    assert {(each["size"], each["task"]) for each in results["growth"]} == {
        *(("points", f"loss and gradient, {way}") for way in ("alignment field", "KD-tree", "pairwise distances")),
        *((size, "loss and gradient, alignment field") for size in ("pixels", "frames")),
        *((size, "robust job") for size in ("points", "pixels", "candidates", "frames")),
        ("pixels", "building the alignment fields"),
        ("candidates", "search of the candidates, alignment field"),
    }
    assert results["throughput"][0]["processes"] == 1
    # A job that gives up for want of points is not passed off as a fast one.
    assert any("paper, one frame" in note and "no fast ones" in note for note in results["notes"])
    assert str(tmp_path) not in json.dumps(results)


def test_an_unknown_device_is_refused(tmp_path: Path):
    """Before anything is measured, in a sentence."""
    result = run("--out", tmp_path / "out", "--device", "cuda:99")
    assert result.exit_code == 2
    assert "--device cuda:99 cannot be used here" in result.output
    assert not (tmp_path / "out").exists()
