"""The job without the service."""

import subprocess

import pytest

from worker.bench.service.in_process import JobProcess
from worker.bench.service.workload import render_frame


def test_a_process_computes_as_often_as_it_is_told(tmp_path) -> None:
    """Jobs begun ahead are answered one after the other; a process that has ended says so."""
    with JobProcess.start(render_frame(tmp_path / "frame"), threads=1) as process:
        assert process.run() > 0
        process.begin()
        process.begin()
        assert process.finish() > 0
        assert process.finish() > 0
    with pytest.raises(ValueError, match="closed file"):
        process.begin()


def test_a_process_that_cannot_compute_is_no_measurement(tmp_path) -> None:
    """A broken frame ends it at once, and the benchmark with it."""
    frame = render_frame(tmp_path / "frame")
    (frame.path / "image.png").write_bytes(b"no image")
    with pytest.raises(RuntimeError, match="has ended"), JobProcess.start(frame, threads=1):
        pass


def test_a_process_that_was_killed_is_no_measurement() -> None:
    """Whether it is told of a job, or waited for."""
    with subprocess.Popen(["true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.wait()
        job = JobProcess(process)
        with pytest.raises(RuntimeError, match="has ended"):
            job.run()
        with pytest.raises(RuntimeError, match="has ended"):
            job.run()
