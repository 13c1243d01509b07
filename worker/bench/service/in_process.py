"""The same job without the service: `python -m worker.bench.service.in_process FRAME_FOLDER REPEATS` prints seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from worker.bench.service.workload import job_request
from worker.computing_environment import computing_environment
from worker.inputs.frame_folder import FrameFolder
from worker.inputs.request import parse_request
from worker.pipeline import PipelineInputs, run
from worker.segmentation import InputFrame, ModelCache


def in_process_seconds(frame: FrameFolder, repeats: int, threads: int) -> list[float]:
    """Run the job `repeats` times in one process of its own, after one that is not counted."""
    environment = {**os.environ, **computing_environment(threads), "OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-m", __spec__.name, str(frame.path), str(repeats)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    seconds: list[float] = json.loads(done.stdout)
    return seconds


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
    """Print the seconds of each counted run as JSON."""
    folder, repeats = Path(sys.argv[1]), int(sys.argv[2])
    job = _job(FrameFolder(folder))
    job()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
