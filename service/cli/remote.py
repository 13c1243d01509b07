"""`submit`, `watch`, `result`, `jobs`, `cancel` and `export`: jobs on a server, one step at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from service.cli.conclusion import conclude, exit_status, write_file
from service.cli.errors import EXIT_NOT_ENDED, CommandError, errors_as_sentences
from service.cli.job import CalibrationJob
from service.cli.job_display import progress_bar
from service.cli.job_options import (
    CameraFile,
    CameraFrame,
    CloudModel,
    ImageLabelMap,
    ImageLabels,
    ImageModel,
    Images,
    InitialFile,
    LidarFrame,
    OptionsFile,
    PointClouds,
    PointLabelMap,
    PointLabels,
    PriorRotation,
    PriorTranslation,
    ProfileName,
    Seed,
    pair_frames,
    request_from_options,
)
from service.cli.on_server import finished_job, shown_progress
from service.cli.server import THIS_MACHINE, AsJson, JobId, OutputFile, OverlayDir, Server, client_frame, connected
from service.exports import ExportFormat
from worker.inputs.calibration_files import FrameChoice
from worker.jobs.record import JobQueue, JobState


def submit(
    image: Images,
    point_cloud: PointClouds,
    camera: CameraFile,
    initial: InitialFile,
    image_model: ImageModel = None,
    cloud_model: CloudModel = None,
    image_labels: ImageLabels = None,
    image_label_map: ImageLabelMap = None,
    point_labels: PointLabels = None,
    point_label_map: PointLabelMap = None,
    prior_rotation_deg: PriorRotation = None,
    prior_translation_m: PriorTranslation = None,
    profile: ProfileName = None,
    options: OptionsFile = None,
    seed: Seed = None,
    camera_frame: CameraFrame = None,
    lidar_frame: LidarFrame = None,
    queue: Annotated[
        JobQueue, typer.Option(help="`batch` comes behind, with a share of its own.")
    ] = JobQueue.INTERACTIVE,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key with the same files leads to the same job.")
    ] = None,
    server: Server = THIS_MACHINE,
    as_json: AsJson = False,
) -> None:
    """Post a job, print its id, and do not wait for its end."""
    with errors_as_sentences():
        request = request_from_options(
            camera,
            initial,
            images=image,
            frames=FrameChoice(camera_frame, lidar_frame),
            prior=(prior_rotation_deg, prior_translation_m),
            image_label_map=image_label_map,
            point_label_map=point_label_map,
            options=options,
            profile=profile,
            image_model=image_model,
            cloud_model=cloud_model,
            seed=seed,
        )
        job = CalibrationJob(request, pair_frames(image, point_cloud, image_labels, point_labels))
        with connected(server) as client:
            accepted = client.submit(
                [client_frame(frame) for frame in job.frames],
                job.request,
                queue=queue.value,
                idempotency_key=idempotency_key,
            )
    typer.echo(accepted.model_dump_json() if as_json else accepted.id)


def watch(job_id: JobId, server: Server = THIS_MACHINE, as_json: AsJson = False) -> None:
    """Follow a job until it ends, then print its result; Ctrl-C leaves it running.

    Exit status: as of `calibrate`, or of `evaluate`. With --json, a line for each change, then one for the job at its
    end.
    """
    with errors_as_sentences(), connected(server) as client:
        if as_json:
            status = client.wait(job_id, lambda progress: typer.echo(progress.model_dump_json()))
            typer.echo(status.model_dump_json())
            # What there is to say has been said: only the exit status is missing.
            raise typer.Exit(exit_status(finished_job(client, status, with_overlays=False)))
        with progress_bar() as on_progress:
            status = client.wait(job_id, lambda progress: on_progress(shown_progress(progress)))
        conclude(finished_job(client, status, with_overlays=False), None, None, as_json=False)


def result(
    job_id: JobId,
    server: Server = THIS_MACHINE,
    output: OutputFile = None,
    overlay_dir: OverlayDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the result of a job that has ended, and write it with its pictures to files.

    Exit status: as of `calibrate`, or of `evaluate`; 5 where the job has not ended.
    """
    with errors_as_sentences(), connected(server) as client:
        status = client.status(job_id)
        if not status.state.is_terminal:
            raise CommandError(
                f"The job has not ended: it is {status.state.value}. Wait for it with `semalign watch {job_id}`.",
                EXIT_NOT_ENDED,
            )
        conclude(
            finished_job(client, status, with_overlays=overlay_dir is not None), output, overlay_dir, as_json=as_json
        )


def jobs(
    server: Server = THIS_MACHINE,
    limit: Annotated[int, typer.Option(help="Most jobs to list.", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """List your jobs, newest first."""
    # Short enough for 80 columns: jobs are kept for days, so that the year goes without saying.
    table = Table(*(Column(heading, no_wrap=True) for heading in ("job", "state", "verdict", "created")))
    with errors_as_sentences(), connected(server) as client:
        for _, job in zip(range(limit), client.jobs(page_size=min(limit, 100)), strict=False):
            if as_json:
                typer.echo(job.model_dump_json())
            state = f"{job.state.value} {job.progress:.0%}" if job.state is JobState.RUNNING else job.state.value
            verdict = (job.verdict or "").replace("_", " ")
            table.add_row(job.id, state, verdict, job.created_at.astimezone().strftime("%m-%d %H:%M"))
    if not as_json:
        Console(soft_wrap=True).print(table)


def cancel(
    job_ids: Annotated[list[str], typer.Argument(help="Ids of jobs.", show_default=False)],
    server: Server = THIS_MACHINE,
    as_json: AsJson = False,
) -> None:
    """Cancel jobs and delete every byte of them, whether they have ended or not."""
    with errors_as_sentences(), connected(server) as client:
        for job_id in job_ids:
            client.cancel(job_id)
            typer.echo(
                json.dumps({"id": job_id, "deleted": True}) if as_json else f"{job_id} is cancelled and deleted."
            )


def export(
    job_id: JobId,
    format_: Annotated[ExportFormat, typer.Option("--format", help="Whose calibration file to write.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; left out, the server's name for it. `-` prints it.")
    ] = None,
    server: Server = THIS_MACHINE,
    as_json: AsJson = False,
) -> None:
    """Write the result of a job as the calibration file of another tool."""
    with errors_as_sentences(), connected(server) as client:
        exported = client.export(job_id, format_.value)
        if out is not None and str(out) == "-":
            typer.get_binary_stream("stdout").write(exported.content)
            return
        path = out or Path(exported.name)
        write_file(path, exported.content)
    said = {"format": format_.value, "path": str(path)}
    typer.echo(json.dumps(said) if as_json else f"{format_.value} written to {path}.")
