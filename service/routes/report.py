"""`GET /jobs/{id}/report`: everything that is known of a job in one file."""

import json
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from service.access.own_job import OwnJob
from service.backend import Backend, BackendOfApp
from service.problems import BrokerDown, LoopbackOnly, StorageDown, Unauthorized, UnknownJob, describe
from service.problems.views import ResultNotReady
from service.report import POLICY, ReportContent, ReportedFile, render_report, report_file_name
from worker.jobs.record import JobRecord
from worker.storage import RESULT, VIEW, BlobMissing, artifact_key, overlay_name

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])
_PARTS = ("image", "point_cloud", "image_labels", "point_labels")


@router.get(
    "/report",
    response_class=HTMLResponse,
    responses={
        200: {"content": {"text/html": {}}, "description": "One HTML file that needs nothing else."},
        **describe(Unauthorized, LoopbackOnly, UnknownJob, ResultNotReady, BrokerDown, StorageDown),
    },
)
async def job_report(record: OwnJob, backend: BackendOfApp) -> HTMLResponse:
    """Report inputs, verdict and reasons, pictures, losses, uncertainty, versions and seed of a job.

    Of a calibration also how it converged; of an evaluation how far the frames lead away, and how far would be seen.
    """
    html = await anyio.to_thread.run_sync(_report, record, backend, limiter=backend.checks.limiter([]))
    headers = {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
        "Content-Disposition": f'inline; filename="{report_file_name(record.inputs.kind, record.id)}"',
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, headers=headers)


def _report(record: JobRecord, backend: Backend) -> str:
    result = _artifact(record, RESULT, backend)
    if result is None:
        raise ResultNotReady(headers={"Retry-After": str(backend.settings.retry_after_s)})
    view: dict[str, Any] = json.loads(_artifact(record, VIEW, backend) or b"{}")
    overlays = {stage: _artifact(record, overlay_name(stage), backend) for stage in ("initial", "final")}
    moments = {"created": record.created_at, "started": record.started_at, "finished": record.finished_at}
    return render_report(
        ReportContent(
            result=json.loads(result),
            overlays={stage: png for stage, png in overlays.items() if png is not None},
            request=_request(record, backend),
            files=[
                ReportedFile(part, key.rsplit("/", 1)[1])
                for frame in record.inputs.frames
                for part in _PARTS
                if (key := getattr(frame, part)) is not None
            ],
            history=view.get("history", ()),
            colours={each["name"]: each["colour"] for each in view.get("classes", ())},
            job_id=record.id,
            rig=record.inputs.rig,
            times={what: datetime.fromtimestamp(moment, UTC) for what, moment in moments.items() if moment is not None},
        )
    )


def _artifact(record: JobRecord, name: str, backend: Backend) -> bytes | None:
    if record.artifacts is None:
        return None
    try:
        return backend.blobs.get(artifact_key(record.id, record.artifacts, name))
    except BlobMissing:
        return None


def _request(record: JobRecord, backend: Backend) -> dict[str, Any] | None:
    """Return what was asked for, as long as it is kept."""
    try:
        request: dict[str, Any] = json.loads(backend.blobs.get(record.inputs.request))
    except BlobMissing:
        return None
    return request
