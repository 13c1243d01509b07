"""Running a job on a server, and what commands say of it."""

from __future__ import annotations

from typing import Final, Literal

import service.client as api
from service.cli.errors import CommandError
from service.cli.job import CalibrationJob, FinishedJob, JobProgress, OnJobProgress
from service.cli.server import client_frame, connected
from service.client import Client, JobFailedError, JobStatus

STAGES: Final[tuple[Literal["initial", "final"], ...]] = ("initial", "final")


def run_on_server(job: CalibrationJob, on_progress: OnJobProgress, server: str) -> FinishedJob:
    """Post the job, wait for its end, and return what came out; an interruption from the keyboard cancels it.

    Args:
        job: what to calibrate.
        on_progress: told how far it is.
        server: the server's address, such as `http://127.0.0.1:8000`.

    Raises:
        SemalignError: the server cannot be reached, or refuses the job.
        CommandError: it could not calibrate.
    """
    with connected(server) as client:
        frames = [client_frame(frame) for frame in job.frames]
        try:
            status: JobStatus = client.calibrate(
                frames, job.request, on_progress=lambda p: on_progress(shown_progress(p))
            )
        except JobFailedError as error:
            status = error.status
        return finished_job(client, status)


def finished_job(client: Client, status: JobStatus, *, with_overlays: bool = True) -> FinishedJob:
    """Collect what a job that has ended left behind.

    Raises:
        CommandError: it left no result.
    """
    if status.result is None:
        raise CommandError(str(JobFailedError(status)))
    result = status.result.model_dump(mode="json")
    # An evaluation that could not tell may have no estimate to draw.
    stages = STAGES if result.get("estimate_T_cam_lidar", ...) is not None else STAGES[:1]
    drawn = with_overlays and status.links.overlay is not None
    return FinishedJob(
        result=result,
        overlays={stage: client.overlay(status.id, stage) for stage in stages} if drawn else {},
        succeeded=status.state == "succeeded",
        job_id=status.id,
    )


def shown_progress(progress: api.JobProgress) -> JobProgress:
    """Return what people see of how far a job is."""
    if ahead := progress.queue_position:
        return JobProgress(f"queued behind {ahead}", 0.0)
    return JobProgress(progress.stage or progress.state.value, progress.progress, progress.loss)
