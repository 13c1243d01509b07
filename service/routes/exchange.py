"""Calibration files of other tools: read for a request, and written from a result."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response

from service.access.caller import CallerOfRequest
from service.access.own_job import OwnJob
from service.backend import BackendOfApp
from service.exports import ExportFormat, export
from service.multipart import Part, received_parts
from service.problems import (
    BodyTooLarge,
    BrokerDown,
    InvalidParameter,
    LoopbackOnly,
    MalformedMultipart,
    MissingPart,
    NotMultipart,
    PartNotAFile,
    RequestTooSlow,
    StorageDown,
    Unauthorized,
    UnknownJob,
    UnknownPart,
    describe,
    input_problem,
)
from service.problems.views import InvalidCalibrationFile, ResultNotReady
from service.routes.view import artifact, stored_view
from service.view_schemas import ReadCalibration
from worker.inputs import InputError
from worker.inputs.calibration_files import FrameChoice, read_calibration
from worker.storage import RESULT

router = APIRouter(tags=["calibration files"])

# Formats of several files, such as KITTI's raw recordings, have three.
_MOST_FILES = 8
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "minItems": 1,
                        "description": "The calibration file; repeat the part for a format that has several.",
                    }
                },
            },
            "encoding": {"file": {"contentType": "application/octet-stream"}},
        }
    },
}
FrameName = Annotated[str | None, Query(max_length=200, description="Which one, where the file has several.")]


@router.post(
    "/convert",
    response_model=ReadCalibration,
    response_model_exclude_none=False,
    openapi_extra={"requestBody": _BODY},
    responses=describe(
        MalformedMultipart,
        Unauthorized,
        LoopbackOnly,
        RequestTooSlow,
        BodyTooLarge,
        NotMultipart,
        MissingPart,
        UnknownPart,
        PartNotAFile,
        InvalidCalibrationFile,
        InvalidParameter,
        BrokerDown,
        StorageDown,
    ),
)
async def convert(
    *,
    request: Request,
    backend: BackendOfApp,
    caller: CallerOfRequest,  # who has no key may not have files read
    camera_frame: FrameName = None,
    lidar_frame: FrameName = None,
) -> dict[str, Any]:
    """Read a calibration file of KITTI, nuScenes, ROS, Autoware, OpenCalib or OpenCV as a request takes it."""
    choice = FrameChoice(camera_frame or None, lidar_frame or None)
    async with received_parts(request, _MOST_FILES, backend.spool.path) as parts:
        limiter = backend.checks.limiter([part.path for part in parts])
        return await anyio.to_thread.run_sync(_read, parts, choice, limiter=limiter)


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={
        200: {
            "content": {"*/*": {}},
            "description": "The file, or a zip archive where the format has several.",
            "headers": {"Content-Disposition": {"description": "Its name.", "schema": {"type": "string"}}},
        },
        **describe(
            Unauthorized,
            LoopbackOnly,
            UnknownJob,
            ResultNotReady,
            InvalidCalibrationFile,
            InvalidParameter,
            BrokerDown,
            StorageDown,
        ),
    },
)
def job_result(
    record: OwnJob,
    backend: BackendOfApp,
    format: Annotated[  # noqa: A002 the name that callers write
        ExportFormat, Query(description="`json` is `result` itself; others are calibration files.")
    ] = ExportFormat.JSON,
) -> Response:
    """Download the result of a job as a file of another tool."""
    if record.artifacts is None:
        raise ResultNotReady(headers={"Retry-After": str(backend.settings.retry_after_s)})
    result = json.loads(artifact(record, RESULT, backend))
    view = {} if format is ExportFormat.JSON else stored_view(record, backend)
    try:
        file = export(result, view, format)
    except InputError as error:
        raise input_problem(error) from error
    named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.media_type, headers=named)


def _read(parts: tuple[Part, ...], choice: FrameChoice) -> dict[str, Any]:
    source = _source(parts)
    try:
        calibration = read_calibration(source, choice=choice)
    except InputError as error:
        raise input_problem(InputError(error.code, _as_callers_say(error.message, parts)), "file") from error
    width, height = calibration.image_size or (None, None)
    transform = calibration.T_cam_lidar
    return {
        "camera": None if calibration.camera is None else calibration.camera.model_dump(mode="json"),
        "initial": None if transform is None else {"T_cam_lidar": transform.tolist()},
        "image_width": width,
        "image_height": height,
        "camera_frame": calibration.camera_frame,
        "lidar_frame": calibration.lidar_frame,
    }


def _as_callers_say(message: str, parts: tuple[Part, ...]) -> str:
    """Name files as callers know them, without folders of this machine, and parameters in place of options."""
    folder = parts[0].path.parent / "named"
    message = message.replace(f"{folder}/", "").replace(str(folder), "What was sent")
    message = message.replace("say which with --from", "rename or check it")
    return re.sub("--(camera|lidar)-frame", r"\1_frame", message)


def _source(parts: tuple[Part, ...]) -> Path:
    """Give the files of an upload their names back; return the only one, or the folder of several."""
    if not parts:
        raise MissingPart("Send the calibration file as the part file.", part="file")
    paths = []
    for part in parts:
        if part.name != "file":
            raise UnknownPart("The only part is file, once for each file: remove any other.", part=part.name)
        if part.filename is None:
            raise PartNotAFile(part=part.name)
        # A name is used where it is harmless: some formats go by it.
        name = part.filename if re.fullmatch(r"[\w-][\w.-]{0,100}", part.filename, re.ASCII) else "file"
        folder = part.path.parent / "named"
        folder.mkdir(exist_ok=True)
        paths.append(part.path.rename(folder / name))
    return paths[0] if len(paths) == 1 else paths[0].parent
