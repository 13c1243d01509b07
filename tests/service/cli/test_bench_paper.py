"""`semalign bench paper`: frame folders in, a report, numbers and pictures out."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from service.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["bench", "paper", *map(str, arguments)], env={"COLUMNS": "160"})


@pytest.fixture(scope="module")
def data_dir(frame_folder):
    """Return a folder of one frame with barely more points than M, few of them of an aligned class, for speed."""
    chosen = np.random.default_rng(0).permutation(24_000)[:10_000]
    cloud = np.fromfile(frame_folder / "cloud.bin", "<f4").reshape(-1, 4)[chosen]
    labels = np.fromfile(frame_folder / "labels.label", "<u4")[chosen]
    labels[1_000:] = 0
    cloud.tofile(frame_folder / "cloud.bin")
    labels.tofile(frame_folder / "labels.label")
    (frame_folder / "meta.json").write_text('{"dataset": "KITTI odometry seq 21"}')
    return frame_folder.parent


@pytest.mark.slow
def test_a_frame_with_labels_is_measured(data_dir, tmp_path):
    """The report is printed and written beside numbers and pictures."""
    out = tmp_path / "deep" / "paper"
    result = run(data_dir, "--labels", data_dir, "--profiles", "paper", "--seed", 3, "--threads", 1, "--out", out)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {
        "report.md",
        "results.json",
        "table1.png",
        "table3.png",
        "figure7.png",
    }
    results = json.loads((out / "results.json").read_text())
    assert results["settings"]["seed"] == 3
    assert results["settings"]["profiles"] == ["paper"]
    assert [case["jobs"][0]["frames"] for case in results["jobs"]] == [["street"]] * 6
    assert "KITTI odometry, profile `paper`" in (out / "report.md").read_text()
    assert "Table III" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--select", "street", "--select", "nothing*"], "no folder matching 'nothing*'"),
        ([], "--labels"),
        (["--image-model", "nonesuch", "--cloud-model", "nonesuch"], "nonesuch"),
        (["--profiles", "paper,best"], "'best'"),
        (["--profiles", ""], "choose among"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(data_dir, tmp_path, arguments, sentence):
    """No traceback, no file, and an exit status that says so."""
    out = tmp_path / "paper"
    result = run(data_dir, *arguments, "--out", out, "--cache", tmp_path / "cache")
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert sentence in result.output
    assert not out.exists() or not list(out.iterdir())
