"""Logs: one object a line, with the job it belongs to and without secrets."""

import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import billiard.util
import pytest
import structlog
from celery import signals
from ports import free_port

from worker import child_process
from worker.logs import configure_logging, redacted
from worker.settings import Settings
from worker.tasks import app  # noqa: F401 - it listens to Celery's signals

KEY = "semalign_0123456789ab_" + "aB3-_" * 8 + "xyz"


@pytest.fixture
def json_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Log as in a container, and return where to; leave the logging of this process as it was."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging(Settings(log_format="json"))
    yield output
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to redis://user:secret@host:6379/0 and back", "to redis://***@host:6379/0 and back"),
        ("rediss://:s%2Fecret@host", "rediss://***@host"),
        ("redis://:sec@ret@host", "redis://***@host"),
        ("at https://host/path?mail=a@b.c", "at https://host/path?mail=a@b.c"),
        (f"Bearer {KEY}", "Bearer semalign_0123456789ab_***"),
    ],
)
def test_secrets_are_redacted_and_nothing_else(text: str, shown: str) -> None:
    """Passwords of URLs and secret halves of keys go; addresses and the ids of keys stay."""
    assert redacted(text) == shown


def test_no_password_reaches_the_log(json_logs: io.StringIO) -> None:
    """Neither in an event, nor in a field, nor in a traceback, nor in what a library logs."""
    url = "redis://user:secret@host:6379/0"
    log = structlog.get_logger("test")
    log.warning(f"lost {url}", url=url)
    logging.getLogger("some.library").error("cannot reach %s", url)
    try:
        raise ConnectionError(f"no answer from {url}")
    except ConnectionError:
        log.exception("failed")
    lines = json_logs.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "lost redis://***@host:6379/0",
        "cannot reach redis://***@host:6379/0",
        "failed",
    ]
    assert "ConnectionError: no answer from redis://***@host:6379/0" in json.loads(lines[-1])["exception"]
    assert "secret" not in "".join(lines)


def test_a_line_names_job_and_request(json_logs: io.StringIO) -> None:
    """Whatever is logged while a job is worked on, by libraries too, can be found by its ids."""
    with structlog.contextvars.bound_contextvars(job_id="a-job", request_id="a-request"):
        logging.getLogger("some.library").warning("slow")
    entry = json.loads(json_logs.getvalue())
    assert (entry["job_id"], entry["request_id"], entry["logger"]) == ("a-job", "a-request", "some.library")


def test_what_celery_says_of_a_task_names_its_job(json_logs: io.StringIO) -> None:
    """Its lines come from a process that knows no more of the job."""
    logging.getLogger("celery.worker.strategy").warning("Task semalign.calibrate[%s] received", "0a" * 16)
    assert json.loads(json_logs.getvalue())["job_id"] == "0a" * 16


@pytest.mark.usefixtures("json_logs")
def test_a_killed_process_is_logged_like_all_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those who start the processes have a logger apart."""
    monkeypatch.setenv("SEMALIGN_LOG_FORMAT", "json")
    signals.setup_logging.send(sender=None)
    billiard.util.get_logger().error("Process %r exited", "SpawnPoolWorker-1")
    assert json.loads(capsys.readouterr().err)["event"] == "Process 'SpawnPoolWorker-1' exited"


def test_a_worker_logs_as_it_is_told_from_its_first_line_on(tmp_path: Path) -> None:
    """Its metrics are served before Celery asks for the logging."""
    log = tmp_path / "log"
    environment = {
        "TMPDIR": str(tmp_path),  # a worker that is killed leaves the folder of its metrics
        "SEMALIGN_DATA_DIR": str(tmp_path),
        "SEMALIGN_BROKER_URL": "redis://127.0.0.1:1",
        "SEMALIGN_METRICS_PORT": str(free_port()),
        "SEMALIGN_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker"]
    worker = child_process.start(command, environment=environment, log=log)
    try:
        deadline = time.monotonic() + 60
        while not (lines := [line for line in log.read_text().splitlines(keepends=True) if "metrics served" in line]):
            assert worker.is_alive, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert json.loads(lines[0])["event"] == "metrics served"
    finally:
        worker.kill()
