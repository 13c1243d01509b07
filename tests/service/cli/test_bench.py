"""`semalign bench accuracy`: frame folders in, `results.json` and a table out."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from service.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["bench", "accuracy", *map(str, arguments)], env={"COLUMNS": "120"})


@pytest.fixture(scope="module")
def data_dir(frame_folder):
    """Return a folder of two frames of one rig, and one of a rig that differs.

    Barely more points than the defaults ask for, few of them of an aligned class: the benchmark cannot be told to
    search less than the paper does.
    """
    chosen = np.random.default_rng(0).permutation(24_000)[:10_000]
    cloud = np.fromfile(frame_folder / "cloud.bin", "<f4").reshape(-1, 4)[chosen]
    labels = np.fromfile(frame_folder / "labels.label", "<u4")[chosen]
    labels[1_000:] = 0
    cloud.tofile(frame_folder / "cloud.bin")
    labels.tofile(frame_folder / "labels.label")
    truth = json.loads((frame_folder / "gt.json").read_text())
    truth["T_cam_lidar"][0][3] += 0.1
    for name in ("street_1", "van"):
        shutil.copytree(frame_folder, frame_folder.parent / name)
    (frame_folder.parent / "van" / "gt.json").write_text(json.dumps(truth))
    return frame_folder.parent


def test_frames_with_labels_are_measured(data_dir, tmp_path):
    """Every job is in the file, settings and summary with it; what made no full group is named."""
    out = tmp_path / "deep" / "results.json"
    options = ("--rotation-deg", 2, "--translation-m", 0.01, "--frames-per-job", 2, "--seed", 3, "--threads", 1)
    result = run(data_dir, "--labels", data_dir, "--profile", "paper", "--out", out, *options)
    assert result.exit_code == 0, result.output
    results = json.loads(out.read_text())
    assert set(results) == {"settings", "jobs", "summary"}
    assert [job["frames"] for job in results["jobs"]] == [["street", "street_1"]]
    assert results["settings"]["seed"] == 3
    assert results["settings"]["disturbance"] == {"rotation_deg": 2, "translation_m": 0.01}
    assert results["settings"]["dropped_frames"] == ["van"]
    assert results["summary"]["jobs"] == 1
    assert results["summary"]["outcomes"] == {"converged": 1}
    assert "left out, no full group of one rig: van" in result.output
    assert "rotation error (deg)" in result.output


def test_a_glob_selects_frames(data_dir, tmp_path):
    """Nothing but the chosen frames is read; no full group of them is no job, and no crash."""
    out = tmp_path / "results.json"
    result = run(data_dir, "--labels", data_dir, "--select", "van", "--frames-per-job", 2, "--out", out)
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text())["jobs"] == []
    assert "no job" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--select", "nothing*"], "no folder matching 'nothing*'"),
        (["--image-model", "nonesuch", "--cloud-model", "nonesuch"], "nonesuch"),
        (["--profile", "best"], "--profile"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(data_dir, tmp_path, arguments, sentence):
    """No traceback, no file, and an exit status that says so."""
    out = tmp_path / "results.json"
    result = run(data_dir, *arguments, "--out", out, "--cache", tmp_path / "cache")
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert sentence in result.output
    assert not out.exists()


def test_a_cue_that_does_not_exist_is_refused(data_dir, tmp_path):
    """`--without` says which cues there are, before any work."""
    result = run(data_dir, "--labels", data_dir, "--without", "colour", "--out", tmp_path / "never.json")
    assert result.exit_code == 2
    assert "semantic, intensity, edges" in " ".join(result.output.split())
