"""The same job without the service: `python -m worker.bench.service.in_process FRAME_FOLDER`, a line of input a job."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from worker.bench.service.workload import job_request
from worker.computing_environment import computing_environment
from worker.inputs.frame_folder import FrameFolder
from worker.inputs.request import parse_request
from worker.pipeline import PipelineInputs, run
from worker.segmentation import InputFrame, ModelCache


class JobProcess:
    """A process that computes the job whenever it is told to, as warm as a worker, and otherwise waits."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextlib.contextmanager
    def start(cls, frame: FrameFolder, threads: int) -> Iterator[Self]:
        """Start the process and let it compute once; it ends with the block."""
        environment = {**os.environ, **computing_environment(threads), "OMP_WAIT_POLICY": "passive"}
        command = [sys.executable, "-m", __spec__.name, str(frame.path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        # Leaving the context closes its input, at which it ends.
        with subprocess.Popen(command, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603 - our own
            job = cls(process)
            job.run()
            yield job

    def run(self) -> float:
        """Compute the job and return the seconds it took."""
        self.begin()
        return self.finish()

    def begin(self) -> None:
        """Let it compute the job; `finish` waits for it."""
        assert self._process.stdin is not None
        # Past the buffer, which closing would try to empty once more. Of a process that has ended, `finish` tells.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), b"\n")

    def finish(self) -> float:
        """Wait for the end of the job that was begun first, and return the seconds it took.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that computes without the service has ended")
        return float(answer)


def _job(frame: FrameFolder) -> Callable[[], None]:
    """Return what does all that an attempt does but for broker and storage: read, calibrate, draw."""
    models = ModelCache(device="cpu")
    request = parse_request(json.dumps(job_request(frame)))

    def job() -> None:
        cloud = frame.cloud()
        point_labels = frame.point_labels()
        labels = None if point_labels is None else cloud.of_kept_points(point_labels)
        inputs = InputFrame(frame.image(), cloud, frame.image_labels(), labels, name="frame 0")
        run(PipelineInputs(request, [inputs]), models, lambda _: None)

    return job


def main() -> None:
    """Compute the job for every line of input, and print the seconds that it took."""
    job = _job(FrameFolder(Path(sys.argv[1])))
    for _ in sys.stdin:
        started = time.perf_counter()
        job()
        print(time.perf_counter() - started, flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    main()
