"""Multipart uploads: from the parts of a body to a request and frames that were checked whole."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from service.problems import (
    ImageSizesDiffer,
    MalformedMultipart,
    MissingPart,
    NotMultipart,
    PartCount,
    PartNotAFile,
    TooManyFrames,
    UnknownPart,
    input_problem,
)
from worker.inputs import (
    InputError,
    InputLimits,
    check_label_image_size,
    read_image,
    read_label_image,
    read_point_cloud,
    read_point_labels,
)
from worker.inputs.request import check_label_sources, parse_request
from worker.settings import Settings

_FILE_PARTS = ("image", "point_cloud", "image_labels", "point_labels")
_MAX_REQUEST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class FrameUpload:
    """The parts of one frame, spooled to disk where they are large."""

    image: UploadFile
    point_cloud: UploadFile
    image_labels: UploadFile | None
    point_labels: UploadFile | None


@dataclass(frozen=True)
class Upload:
    """The parts of one job: the JSON request as it came, and its frames."""

    request: bytes
    frames: tuple[FrameUpload, ...]


@contextlib.asynccontextmanager
async def received_form(request: Request, settings: Settings) -> AsyncIterator[FormData]:
    """Receive a multipart body; its temporary files go when the block ends.

    Raises:
        NotMultipart, MalformedMultipart, BodyTooLarge: The body cannot be taken.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise NotMultipart
    most_files = len(_FILE_PARTS) * settings.max_frames + 1
    try:
        form = await request.form(max_files=most_files, max_fields=most_files, max_part_size=_MAX_REQUEST_BYTES)
    except HTTPException as error:
        raise MalformedMultipart(f"The body is not valid multipart/form-data: {error.detail}") from error
    try:
        yield form
    finally:
        await form.close()


def checked_upload(form: FormData, settings: Settings) -> Upload:
    """Check everything that can be checked without a network: nothing that passes fails for its form later.

    Raises:
        Problem: What is wrong, and in which part.
    """
    unknown = sorted(set(form) - {*_FILE_PARTS, "request"})
    if unknown:
        raise UnknownPart(f"{UnknownPart.sentence} Found: {', '.join(unknown)}.", part=unknown[0])
    for part in ("image", "point_cloud", "request"):
        if part not in form:
            raise MissingPart(f"The part {part} is missing. {MissingPart.sentence}", part=part)
    upload = Upload(request=_request_text(form), frames=_frames(form, settings.max_frames))
    _check_request(upload)
    _check_frames(upload, settings.input_limits)
    return upload


def cloud_suffix(file: UploadFile) -> str:
    """Return the ending that tells the format of a file which the readers accepted, such as `.bin`."""
    return PurePath(file.filename or "").suffix.lower()


def content(file: UploadFile) -> bytes:
    """Read a part from its beginning."""
    file.file.seek(0)
    return file.file.read()


def _request_text(form: FormData) -> bytes:
    parts = form.getlist("request")
    if len(parts) != 1:
        raise PartCount("Send one part request: it holds for all frames.", part="request")
    (part,) = parts
    return content(part) if isinstance(part, UploadFile) else part.encode()


def _frames(form: FormData, max_frames: int) -> tuple[FrameUpload, ...]:
    images, clouds, image_labels, point_labels = (_files(form, part) for part in _FILE_PARTS)
    count = len(images)
    if count > max_frames:
        raise TooManyFrames(f"The job has {count} frames, this server takes {max_frames}: send fewer.")
    for part, files in (("point_cloud", clouds), ("image_labels", image_labels), ("point_labels", point_labels)):
        if len(files) != count and (files or part == "point_cloud"):
            raise PartCount(f"There are {count} parts image and {len(files)} parts {part}: send as many of each.")
    return tuple(
        FrameUpload(
            image=images[index],
            point_cloud=clouds[index],
            image_labels=image_labels[index] if image_labels else None,
            point_labels=point_labels[index] if point_labels else None,
        )
        for index in range(count)
    )


def _files(form: FormData, part: str) -> list[UploadFile]:
    files = []
    for file in form.getlist(part):
        if not isinstance(file, UploadFile):
            raise PartNotAFile(f"The part {part} came as a text field: send it as a file, with a file name.", part=part)
        files.append(file)
    return files


def _check_request(upload: Upload) -> None:
    with _blamed_on("request"):
        request = parse_request(upload.request)
        first = upload.frames[0]
        check_label_sources(
            request,
            has_image_labels=first.image_labels is not None,
            has_point_labels=first.point_labels is not None,
        )


def _check_frames(upload: Upload, limits: InputLimits) -> None:
    sizes = {_check_frame(frame, index, limits) for index, frame in enumerate(upload.frames)}
    if len(sizes) > 1:
        raise ImageSizesDiffer


def _check_frame(frame: FrameUpload, index: int, limits: InputLimits) -> tuple[int, int]:
    """Read a frame as the worker will; return height and width of its image."""
    with _blamed_on("image", index):
        image = read_image(content(frame.image), limits)
    if frame.image_labels is not None:
        with _blamed_on("image_labels", index):
            check_label_image_size(read_label_image(content(frame.image_labels), limits), image)
    with _blamed_on("point_cloud", index):
        cloud = read_point_cloud(content(frame.point_cloud), frame.point_cloud.filename or "", limits)
    if frame.point_labels is not None:
        with _blamed_on("point_labels", index):
            labels = read_point_labels(content(frame.point_labels), frame.point_labels.filename or "", limits)
            cloud.of_kept_points(labels)
    height, width = image.shape[:2]
    return height, width


@contextlib.contextmanager
def _blamed_on(part: str, frame: int | None = None) -> Iterator[None]:
    """Name the part in what a reader refuses."""
    try:
        yield
    except InputError as error:
        raise input_problem(error, part, frame) from error
