"""`semalign evaluate`: what it sends, what it prints, and how it ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from service.evaluation_schemas import Departure, EvaluationResult

NAMES = ("pitch", "yaw", "roll", "right", "down", "forward")


def told(verdict: str) -> EvaluationResult:
    """Return what a server says of a tracked frame."""
    directions = dict.fromkeys(NAMES, 0.1)
    return EvaluationResult.model_construct(
        kind="evaluation",
        verdict=verdict,
        reasons=["For a reason."],
        departure=Departure.model_construct(along=directions, smallest_visible=directions),
        tracking=True,
    )


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return where the requests are gathered that go to a server, which calls everything drifted."""
    requests: list[Any] = []

    class Server:
        def evaluate(self, frames: Any, request: Any, **_: Any) -> Any:
            requests.append(request)
            links = SimpleNamespace(overlay=None)
            return SimpleNamespace(id="a-job", state="succeeded", links=links, result=told("drifted"))

        def report(self, job_id: str) -> str:
            return f"<html>{job_id}"

    @contextmanager
    def connected(_server: str) -> Iterator[Server]:
        yield Server()

    monkeypatch.setattr("service.cli.evaluate.connected", connected)
    return requests


def run(files: Any, *more: str) -> Any:
    left_out = dict.fromkeys(("options", "prior_rotation_deg", "prior_translation_m"))
    _, *words = files.command_line(**left_out)
    return CliRunner().invoke(app, ["evaluate", *words, *more])


@pytest.mark.parametrize(("switch", "tracking"), [((), False), (("--tracking",), True)])
def test_tracking_is_asked_for_by_a_switch(
    files: Any, sent: list[Any], switch: tuple[str, ...], tracking: bool
) -> None:
    """And is off without it."""
    result = run(files, *switch)
    assert result.exit_code == 3, result.output
    (request,) = sent
    assert json.loads(request.model_dump_json())["options"]["tracking"] is tracking


def test_the_report_is_written_where_it_is_asked_for(files: Any, sent: list[Any], tmp_path: Path) -> None:
    """As the server has it; the exit status stays that of the verdict."""
    result = run(files, "--report", str(tmp_path / "new" / "report.html"))
    assert result.exit_code == 3, result.output
    assert len(sent) == 1
    assert (tmp_path / "new" / "report.html").read_text() == "<html>a-job"


def test_what_was_told_is_printed(files: Any, sent: list[Any]) -> None:
    """The verdict, why, and what would have been seen."""
    printed = run(files, "--tracking").stdout
    assert len(sent) == 1
    for words in ("drifted: calibrate again", "- For a reason.", *NAMES):
        assert words in printed
