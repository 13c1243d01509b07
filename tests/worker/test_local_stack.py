"""The processes on one machine: what each is told, and what becomes of one that ends."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from ports import free_port

from worker.broker import answers
from worker.jobs.store import connect
from worker.local_stack import LocalStack, StackError, worker_environment
from worker.settings import Settings


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [("", ["0", "1", "2"]), ("3,5,7", ["3", "5", "7"]), ("GPU-a,GPU-b,GPU-c", ["GPU-a", "GPU-b", "GPU-c"])],
)
def test_each_worker_gets_a_gpu_of_its_own(visible: str, gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, and none that was hidden from all of them."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    settings = Settings(device="cuda")
    assert [worker_environment(settings, index, 3)["CUDA_VISIBLE_DEVICES"] for index in range(3)] == gpus


def test_workers_on_the_cpu_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the operator chose the threads, and a lone worker has all."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    assert worker_environment(Settings(), 0, 1) == {}
    assert worker_environment(Settings(), 1, 4) == {"SEMALIGN_THREADS": "2"}
    assert worker_environment(Settings(), 0, 16) == {"SEMALIGN_THREADS": "1"}
    assert worker_environment(Settings(threads=3), 0, 4) == {}


def test_workers_serve_their_metrics_on_ports_in_a_row() -> None:
    """No two of them want the same one."""
    settings = Settings(metrics_port=9101, threads=1)
    ports = [worker_environment(settings, index, 2)["SEMALIGN_METRICS_PORT"] for index in range(2)]
    assert ports == ["9101", "9102"]


def test_a_broker_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """With all that it held, and not without end; nobody else would start the embedded one."""
    settings = Settings(data_dir=tmp_path, broker_url="")
    client = connect(settings.resolved_broker_url, timeout_s=5)
    try:
        with LocalStack(settings, host="127.0.0.1", port=free_port(), workers=0, log=tmp_path / "log") as stack:
            client.set("job", "accepted")
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
            with pytest.raises(StackError, match="broker"):
                _until_it_ends(stack)
            assert [("broker" in sentence) for sentence in stack.mend()] == [True]
            assert stack.mend() == []
            assert client.get("job") == "accepted"
            stack.check()
        assert not answers(settings.resolved_broker_url)
    finally:
        client.close()
        shutil.rmtree(settings.embedded_socket.parent, ignore_errors=True)


def _until_it_ends(stack: LocalStack, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        stack.check()
        time.sleep(0.05)
