"""Jobs of the command line on a server: the real service, with the stand-in pipeline where its ends are played."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ports import free_port
from typer.testing import CliRunner

from service.cli.errors import CommandError
from service.cli.job import CalibrationJob, FrameFiles, JobProgress
from service.cli.main import app
from service.cli.on_server import run_on_server
from service.client import RefusedError
from worker import child_process
from worker.inputs.request import CalibrationRequest


def job(files: Any, *, ending: int = 0, seconds: float = 0.3) -> CalibrationJob:
    """Return a job that the stand-in works on for `seconds` and ends as its `Ending` number says."""
    arguments = files.arguments
    request = CalibrationRequest.model_validate(
        {
            "camera": {"K": [[160, 0, 160], [0, 160, 40], [0, 0, 1]]},
            "initial": {"T_cam_lidar": [[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]},
            "image_model": "any",
            "point_label_map": {3: "car"},
            "seed": ending,
            "options": {"num_iterations": max(1, round(seconds * 100))},
        }
    )
    frame = FrameFiles(arguments["image"], arguments["point_cloud"], point_labels=arguments["point_labels"])
    return CalibrationJob(request, (frame, frame))


@pytest.fixture
def real_service(tmp_path: Path) -> Iterator[str]:
    """Run `semalign up` and return its address."""
    port = free_port()
    environment = {"SEMALIGN_DATA_DIR": str(tmp_path / "data"), "SEMALIGN_BROKER_URL": "", "SEMALIGN_PIPELINE": ""}
    command = [sys.executable, "-c", "from service.cli.main import main; main()", "up", "--port", str(port)]
    log = tmp_path / "up.log"
    process = child_process.start(command, environment=environment, log=log)
    try:
        deadline = time.monotonic() + 120
        while "ready at" not in log.read_text():
            assert process.is_alive and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop(30)


@pytest.fixture
def address(stack: Any) -> str:
    """Return the address of the running service."""
    return f"http://127.0.0.1:{stack.port}"


@pytest.fixture
def reports() -> list[JobProgress]:
    """Return where progress is gathered."""
    return []


def test_all_frames_arrive_and_the_result_comes_back(files: Any, address: str, reports: list[JobProgress]) -> None:
    """Both frames are uploaded with their file names, and result and pictures are fetched."""
    finished = run_on_server(job(files), reports.append, address)
    assert finished.succeeded
    assert [frame["shape"] for frame in finished.result["frames"]] == [[120, 320, 3]] * 2
    assert set(finished.overlays) == {"initial", "final"}
    assert finished.overlays["initial"] != finished.overlays["final"]
    assert all(png.startswith(b"\x89PNG") for png in finished.overlays.values())


def test_progress_is_told_while_it_runs(files: Any, address: str, reports: list[JobProgress]) -> None:
    """Stage, share done and loss arrive from the running job."""
    run_on_server(job(files, seconds=3), reports.append, address)
    running = [report for report in reports if report.stage == "refinement"]
    assert running
    assert all(0.5 <= report.fraction <= 1 for report in running)
    assert any(report.loss is not None for report in running)


def test_a_trailing_slash_in_the_address_does_not_matter(files: Any, address: str) -> None:
    """People paste addresses from browsers."""
    assert run_on_server(job(files), lambda _: None, f"{address}/").succeeded


def test_a_job_without_estimate_still_has_its_result(files: Any, address: str) -> None:
    """The outcome is told, and the job has not succeeded."""
    finished = run_on_server(job(files, ending=2), lambda _: None, address)
    assert not finished.succeeded
    assert finished.result["outcome"] == "no_point_in_view"


def test_a_job_that_failed_on_the_server_is_said(files: Any, address: str) -> None:
    """The server's sentence becomes the command's."""
    with pytest.raises(CommandError, match="on our side") as failure:
        run_on_server(job(files, ending=1), lambda _: None, address)
    assert failure.value.exit_status == 1


def test_a_refusal_is_told_in_the_servers_words(files: Any, address: str) -> None:
    """A file that the server refuses is bad input here too."""
    files.arguments["point_cloud"].write_bytes(b"123")
    with pytest.raises(RefusedError, match=r"422 .*point-cloud"):
        run_on_server(job(files), lambda _: None, address)


def test_ctrl_c_cancels_the_job(files: Any, stack: Any, address: str) -> None:
    """No worker goes on with what nobody waits for."""
    before = stack.blobs()
    accepted = threading.Event()
    interrupt = threading.Timer(0, lambda: accepted.wait(20) and os.kill(os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        run_on_server(job(files, seconds=3), lambda _: accepted.set(), address)
    deadline = time.monotonic() + 10
    while (left := stack.blobs()) != before:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.parametrize("scheme", ["http", "gopher"])
def test_no_server_is_said(files: Any, scheme: str) -> None:
    """Where nobody answers, the sentence tells how to start a server."""
    result = CliRunner().invoke(app, files.command_line(server=f"{scheme}://127.0.0.1:{free_port()}"))
    assert result.exit_code == 1
    assert "semalign up" in result.stderr


def test_another_kind_of_server_is_said(files: Any, address: str) -> None:
    """A server without this endpoint is no semalign server: its status is told."""
    result = CliRunner().invoke(app, files.command_line(server=f"{address}/somewhere"))
    assert result.exit_code == 2
    assert "404" in result.stderr


@pytest.mark.slow
def test_a_server_finds_what_the_command_finds_alone(files: Any, real_service: str, tmp_path: Path) -> None:
    """The same files and seed give the same extrinsic here and on a server, in the same table and pictures."""
    found, tables = [], []
    for where, options in (("here", {}), ("there", {"server": real_service})):
        output, pictures = tmp_path / f"{where}.json", tmp_path / where
        result = CliRunner().invoke(app, files.command_line(output=output, overlay_dir=pictures, **options))
        assert result.exit_code == 0, result.output
        found.append(json.loads(output.read_text()))
        tables.append(result.stdout.partition("Turned by")[0])
    here, there = found
    assert here["T_cam_lidar"] == pytest.approx(np.array(there["T_cam_lidar"]), abs=1e-6)
    assert tables[0] == tables[1]
    assert (tmp_path / "here" / "final.png").read_bytes() == (tmp_path / "there" / "final.png").read_bytes()
