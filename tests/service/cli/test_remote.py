"""Jobs on a server from the command line, one step at a time: the real service with the stand-in pipeline."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from service.cli.main import app
from worker.inputs.calibration_files import read_calibration


@pytest.fixture
def run(stack: Any) -> Any:
    """Return a function that runs a command against the service."""

    def run(*words: object, **options: Any) -> Result:
        environment = {"SEMALIGN_SERVER": f"http://127.0.0.1:{stack.port}"}
        return CliRunner().invoke(app, [str(word) for word in words], env=environment, **options)

    return run


@pytest.mark.parametrize(
    ("turned_deg", "ahead_m", "status", "words", "pictures"),
    [
        (0.0, 0.0, 0, "Verdict: aligned", {"initial.png", "final.png"}),
        (0.0, 500.0, 4, "Verdict: cannot tell", {"initial.png"}),
    ],
)
def test_an_evaluation_is_collected_like_a_calibration(
    evaluate_sample: Any, tmp_path: Path, turned_deg: float, ahead_m: float, status: int, words: str, pictures: set[str]
) -> None:
    """Printed as `evaluate` prints it, with its status, and the pictures that there are."""
    api, job = evaluate_sample(turned_deg, ahead_m)
    environment = {"SEMALIGN_SERVER": str(api.http.base_url)}
    for command in (["watch", job], ["result", job, "--overlay-dir", str(tmp_path / "pictures")]):
        result = CliRunner().invoke(app, command, env=environment)
        assert result.exit_code == status, result.output
        assert words in result.stdout
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == pictures


@pytest.fixture
def submit(run: Any, files: Any) -> Any:
    """Return a function that submits a job which the stand-in works on for `seconds` and ends as told."""

    def submit(seconds: float = 0.05, ending: int = 0, **changes: Any) -> str:
        options = files.write_json("quick", {"num_iterations": max(1, round(seconds * 100))})
        words = files.command_line(options=options, seed=ending, **changes)
        result = run("submit", *words[1:])
        assert result.exit_code == 0, result.output
        return str(result.stdout.strip())

    return submit


def test_from_submit_to_cancel(run: Any, submit: Any, tmp_path: Path, files: Any) -> None:
    """The id is all that is printed; the job is followed, collected, listed and deleted by it."""
    job = submit()
    assert len(job) == 32
    watched = run("watch", job)
    assert watched.exit_code == 0, watched.output
    assert "Verdict: high" in watched.stdout
    output, pictures = tmp_path / "result.json", tmp_path / "pictures"
    collected = run("result", job, "--output", output, "--overlay-dir", pictures, "--json")
    assert collected.exit_code == 0
    assert json.loads(collected.stdout) == json.loads(output.read_text())
    assert {path.name for path in pictures.iterdir()} == {"initial.png", "final.png"}
    listed = {job["id"]: job for job in map(json.loads, run("jobs", "--json").stdout.splitlines())}
    assert listed[job]["verdict"] == "high"
    assert re.search(rf"{job}.*high", run("jobs").stdout)
    assert run("cancel", job).exit_code == 0
    gone = run("result", job)
    assert gone.exit_code == 2
    assert "unknown-job" in gone.stderr


def test_what_is_no_id_of_a_job(run: Any) -> None:
    """It is input that cannot be used, like an id that the server does not know."""
    for command in ("watch", "result", "cancel"):
        refused = run(command, "deadbeef")
        assert refused.exit_code == 2, refused.output
        assert "no id of a job" in refused.stderr


def test_a_job_that_has_not_ended(run: Any, submit: Any) -> None:
    """It has a status of its own, so that a script can tell it from a failure."""
    job = submit(seconds=3)
    early = run("result", job)
    assert early.exit_code == 5
    assert f"semalign watch {job}" in early.stderr
    assert run("export", job, "--format", "ros").exit_code == 5
    lines = [json.loads(line) for line in run("watch", job, "--json").stdout.splitlines()]
    assert lines[-1]["result"]["verdict"] == "high"
    assert all("result" not in line for line in lines[:-1])


def test_a_job_without_an_estimate(run: Any, submit: Any) -> None:
    """Status 1, with the result where there is one."""
    assert run("watch", submit(ending=2)).exit_code == 1
    failed = run("watch", submit(ending=1))
    assert failed.exit_code == 1
    assert "on our side" in failed.stderr


def test_sending_again_makes_no_second_job(submit: Any) -> None:
    """The same key leads to the same job."""
    assert submit(idempotency_key="one") == submit(idempotency_key="one")


@pytest.mark.parametrize(
    ("name", "holds"),
    [("kitti", True), ("nuscenes", True), ("ros", True), ("autoware", True), ("opencalib", True), ("opencv", True)],
)
def test_export(run: Any, exported_job: str, tmp_path: Path, name: str, holds: bool, files: Any) -> None:
    """The file of each tool holds the extrinsic that was found."""
    path = tmp_path / f"calibration.{name}"
    result = run("export", exported_job, "--format", name, "--out", path, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"format": name, "path": str(path)}
    expected = json.loads(files.arguments["initial"].read_text())["T_cam_lidar"]
    np.testing.assert_allclose(read_calibration(path).T_cam_lidar, expected, atol=1e-6)


@pytest.fixture
def exported_job(run: Any, submit: Any) -> str:
    job: str = submit()
    run("watch", job)
    return job


def test_export_to_the_terminal(run: Any, exported_job: str) -> None:
    """`-` prints the file."""
    result = run("export", exported_job, "--format", "json", "--out", "-")
    assert json.loads(result.stdout)["outcome"] == "converged"


def test_a_report_is_named_for_what_it_is_of(
    run: Any, exported_job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no name is given."""
    monkeypatch.chdir(tmp_path)
    result = run("report", exported_job)
    assert result.exit_code == 0, result.output
    assert "<html" in (tmp_path / f"calibration-report-{exported_job}.html").read_text()


def test_shells_complete() -> None:
    """Commands and the values of options."""
    environment = {"_SEMALIGN_COMPLETE": "complete_bash", "COMP_WORDS": "semalign exp", "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'semalign'; from service.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "export" in done.stdout.split()
