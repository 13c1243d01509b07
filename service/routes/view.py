"""`/jobs/{id}/view`: what a viewer needs to show a job's first frame, and to move its extrinsic by hand."""

import json
from typing import Annotated, Any

import anyio.to_thread
import numpy as np
from fastapi import APIRouter, Path, Request, Response

from service.access.own_job import OwnJob
from service.backend import Backend, BackendOfApp
from service.downloads import download
from service.problems import BrokerDown, InvalidParameter, LoopbackOnly, StorageDown, Unauthorized, UnknownJob, describe
from service.problems.views import InputsDeleted, UnknownInput, ViewNotReady
from service.routes.addresses import address_of
from service.view_schemas import JobView
from worker.inputs.point_cloud import read_point_cloud
from worker.jobs.record import JobInputs, JobRecord
from worker.storage import IMAGE_CLASSES, POINT_CLASSES, VIEW, BlobMissing, artifact_key

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])

# More make browsers slow, and no picture better.
_MOST_POINTS = 200_000
_REFUSALS = (Unauthorized, LoopbackOnly, UnknownJob, BrokerDown, StorageDown)
_PARTS = ("image", "point_cloud", "image_labels", "point_labels")


@router.get("/view", response_model=JobView, responses=describe(*_REFUSALS, ViewNotReady))
def job_view(record: OwnJob, request: Request, backend: BackendOfApp) -> dict[str, Any]:
    """Describe the first frame: its camera, its classes, and where pixels, points and files are found."""
    view = stored_view(record, backend)
    return view | {
        "links": {
            "image_classes": address_of(request, "job_image_classes", job_id=record.id),
            "points": address_of(request, "job_points", job_id=record.id),
            "inputs": [
                {"part": part, "name": name, "href": address_of(request, "job_input", job_id=record.id, name=name)}
                for part, name in ((part, key.rsplit("/", 1)[1]) for part, key in _keys(record.inputs))
            ],
        }
    }


@router.get(
    "/image-classes.png",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "One byte a pixel: 0, or a place in `classes` from 1 on."},
        **describe(*_REFUSALS, ViewNotReady),
    },
)
def job_image_classes(record: OwnJob, backend: BackendOfApp) -> Response:
    """Return the class of every pixel of the first image."""
    return Response(artifact(record, IMAGE_CLASSES, backend), media_type="image/png")


@router.get(
    "/points.bin",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}},
            "description": "Up to 200,000 points: x y z of each (float32, little-endian, metres, LiDAR frame), and "
            "after all of them one byte each: 0, or a place in `classes` from 1 on.",
        },
        **describe(*_REFUSALS, ViewNotReady, InputsDeleted),
    },
)
async def job_points(record: OwnJob, backend: BackendOfApp) -> Response:
    """Return the points of the first cloud with their classes, thinned out evenly where there are many."""
    content = await anyio.to_thread.run_sync(_points, record, backend, limiter=backend.checks.limiter([]))
    return Response(content, media_type="application/octet-stream")


@router.get(
    "/inputs/{name}",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The file as it was sent."},
        **describe(*_REFUSALS, InputsDeleted, UnknownInput, InvalidParameter),
    },
)
def job_input(
    record: OwnJob, backend: BackendOfApp, name: Annotated[str, Path(description="As `view` lists it.", max_length=64)]
) -> Response:
    """Return a file of the job as it was sent, as long as it is kept."""
    keys = {key.rsplit("/", 1)[1]: key for _, key in _keys(record.inputs)}
    if name not in keys:
        raise UnknownInput
    try:
        return download(backend.blobs, keys[name], "application/octet-stream")
    except BlobMissing as error:
        raise InputsDeleted from error


def stored_view(record: JobRecord, backend: Backend) -> dict[str, Any]:
    """Return what the worker wrote of a job for viewers.

    Raises:
        ViewNotReady: There is nothing yet, or never will be.
    """
    view: dict[str, Any] = json.loads(artifact(record, VIEW, backend))
    return view


def artifact(record: JobRecord, name: str, backend: Backend) -> bytes:
    """Return something that the worker made of a job.

    Raises:
        ViewNotReady: There is nothing yet, or never will be.
    """
    not_yet = ViewNotReady(headers={"Retry-After": str(backend.settings.retry_after_s)})
    if record.artifacts is None:
        raise not_yet
    try:
        return backend.blobs.get(artifact_key(record.id, record.artifacts, name))
    except BlobMissing as error:
        raise not_yet from error


def _points(record: JobRecord, backend: Backend) -> bytes:
    classes = np.frombuffer(artifact(record, POINT_CLASSES, backend), np.uint8)
    key = record.inputs.frames[0].point_cloud
    points = read_point_cloud(_input(backend, key), key, backend.settings.input_limits).points
    step = -(-len(points) // _MOST_POINTS)
    return points[::step].astype("<f4").tobytes() + classes[::step].tobytes()


def _input(backend: Backend, key: str) -> bytes:
    try:
        return backend.blobs.get(key)
    except BlobMissing as error:
        raise InputsDeleted from error


def _keys(inputs: JobInputs) -> list[tuple[str, str]]:
    """Return the parts of what was sent with their storage keys, in the order of their frames."""
    of_frames = [(part, getattr(frame, part)) for frame in inputs.frames for part in _PARTS]
    return [("request", inputs.request), *((part, key) for part, key in of_frames if key is not None)]
