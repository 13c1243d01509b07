"""`semalign report`, and the report of a calibration in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from service.cli.conclusion import write_file
from service.cli.errors import errors_as_sentences
from service.cli.job import CalibrationJob, FinishedJob
from service.cli.server import THIS_MACHINE, AsJson, JobId, Server, connected
from service.report import ReportContent, ReportedFile, render_report, report_file_name


def report(
    job_id: JobId,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; left out, a name with the job's kind and id.")
    ] = None,
    server: Server = THIS_MACHINE,
    as_json: AsJson = False,
) -> None:
    """Write the report of a job: one HTML file with verdict, pictures, losses and versions, for a vehicle's record."""
    with errors_as_sentences(), connected(server) as client:
        html = client.report(job_id)
        path = out or Path(report_file_name(client.status(job_id).kind, job_id))
        write_file(path, html)
    typer.echo(json.dumps({"path": str(path)}) if as_json else f"Report written to {path}.")


def report_of(job: CalibrationJob, finished: FinishedJob, server: str | None) -> str:
    """Return the report of a calibration that `calibrate` has just made, here or on a server.

    Raises:
        SemalignError: the server does not hand it out.
    """
    if server is not None:
        with connected(server) as client:
            return client.report(finished.job_id)
    parts = [
        (part, path)
        for frame in job.frames
        for part in ("image", "point_cloud", "image_labels", "point_labels")
        if (path := getattr(frame, part)) is not None
    ]
    return render_report(
        ReportContent(
            result=finished.result,
            overlays=finished.overlays,
            request=job.request.model_dump(mode="json", exclude_none=True),
            files=[ReportedFile(part, path.name, path.stat().st_size) for part, path in parts],
            history=finished.view.get("history", ()),
            colours={each["name"]: each["colour"] for each in finished.view.get("classes", ())},
        )
    )
