"""What each of several workers on one machine is told."""

import pytest

from worker.local_stack import worker_environment
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
