"""Uploads: from the parts of a body to a request and frames that were checked whole."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import PurePath

from service.multipart import Part
from service.problems import (
    ImageSizesDiffer,
    MissingPart,
    PartCount,
    PartNotAFile,
    TooManyFrames,
    UnknownPart,
    input_problem,
)
from worker.inputs import (
    InputError,
    InputLimits,
    check_image,
    check_label_image,
    check_label_image_size,
    check_point_cloud,
    check_point_label_count,
    check_point_labels,
    map_file,
)
from worker.inputs.request import check_is_calibration, check_label_sources, parse_request
from worker.jobs.record import JobKind
from worker.settings import Settings

_FILE_PARTS = ("image", "point_cloud", "image_labels", "point_labels")
_MAX_REQUEST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class FrameUpload:
    """The parts of one frame."""

    image: Part
    point_cloud: Part
    image_labels: Part | None
    point_labels: Part | None

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that there are, by name."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: part for name, part in parts.items() if part is not None}


@dataclass(frozen=True)
class Upload:
    """The parts of one job: the JSON request as it came, and its frames."""

    request: bytes
    frames: tuple[FrameUpload, ...]

    def digest(self) -> str:
        """Return a hash of all that makes two uploads the same: content and formats, not boundaries or file names."""
        digest = hashlib.sha256(self.request)
        for frame in self.frames:
            for name, part in frame.parts.items():
                with part.path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
                digest.update(f"|{name}{suffix(part)}:{content}".encode())
        return digest.hexdigest()


def most_parts(settings: Settings) -> int:
    """Return how many parts a body can have that is not refused for their number later."""
    return len(_FILE_PARTS) * (settings.max_frames + 1) + 2


def checked_upload(parts: tuple[Part, ...], settings: Settings, kind: JobKind = JobKind.CALIBRATE) -> Upload:
    """Check everything that can be checked without a network, so that what passes does not fail for its form later.

    The exception is a PNG that was written wrong, with checksums that fit: only decoding it tells.

    Args:
        parts: What was received.
        settings: What is too large or too many.
        kind: What is to be done with it.

    Raises:
        Problem: What is wrong, and in which part.
    """
    names = {part.name for part in parts}
    unknown = sorted(names - {*_FILE_PARTS, "request"})
    if unknown:
        raise UnknownPart(f"{UnknownPart.sentence} Found: {', '.join(unknown)}.", part=unknown[0])
    for name in ("image", "point_cloud", "request"):
        if name not in names:
            raise MissingPart(f"The part {name} is missing. {MissingPart.sentence}", part=name)
    upload = Upload(request=_request_text(parts), frames=_frames(parts, settings.max_frames))
    _check_request(upload, kind)
    _check_frames(upload, settings.input_limits)
    return upload


def suffix(part: Part) -> str:
    """Return the ending that tells the format of a file which the readers accepted, such as `.bin`."""
    return PurePath(part.filename or "").suffix.lower()


def _request_text(parts: tuple[Part, ...]) -> bytes:
    requests = [part for part in parts if part.name == "request"]
    if len(requests) != 1:
        raise PartCount("Send one part request: it holds for all frames.", part="request")
    (request,) = requests
    if request.path.stat().st_size > _MAX_REQUEST_BYTES:
        raise input_problem(
            InputError("file-too-large", f"The request is larger than {_MAX_REQUEST_BYTES / 2**20:g} MiB of JSON."),
            "request",
        )
    return request.path.read_bytes()


def _frames(parts: tuple[Part, ...], max_frames: int) -> tuple[FrameUpload, ...]:
    images, clouds, image_labels, point_labels = (_files(parts, name) for name in _FILE_PARTS)
    count = len(images)
    if count > max_frames:
        raise TooManyFrames(f"The job has {count} frames, this server takes {max_frames}: send fewer.")
    for name, files in (("point_cloud", clouds), ("image_labels", image_labels), ("point_labels", point_labels)):
        if len(files) != count and (files or name == "point_cloud"):
            raise PartCount(f"There are {count} parts image and {len(files)} parts {name}: send as many of each.")
    return tuple(
        FrameUpload(
            image=images[index],
            point_cloud=clouds[index],
            image_labels=image_labels[index] if image_labels else None,
            point_labels=point_labels[index] if point_labels else None,
        )
        for index in range(count)
    )


def _files(parts: tuple[Part, ...], name: str) -> list[Part]:
    files = [part for part in parts if part.name == name]
    if any(part.filename is None for part in files):
        raise PartNotAFile(f"The part {name} came as a text field: send it as a file, with a file name.", part=name)
    return files


def _check_request(upload: Upload, kind: JobKind) -> None:
    with _blamed_on("request"):
        request = parse_request(upload.request)
        if kind is JobKind.CALIBRATE:
            check_is_calibration(request)
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
    """Refuse a frame that the worker's readers would refuse; return height and width of its image."""
    with _blamed_on("image", index):
        size = check_image(map_file(frame.image.path), limits)
    if frame.image_labels is not None:
        with _blamed_on("image_labels", index):
            check_label_image_size(check_label_image(map_file(frame.image_labels.path), limits), size)
    with _blamed_on("point_cloud", index):
        cloud = frame.point_cloud
        num_points = check_point_cloud(map_file(cloud.path), cloud.filename or "", limits)
    if (labels := frame.point_labels) is not None:
        with _blamed_on("point_labels", index):
            num_labels = check_point_labels(map_file(labels.path), labels.filename or "", limits)
            check_point_label_count(num_labels, num_points)
    return size


@contextlib.contextmanager
def _blamed_on(part: str, frame: int | None = None) -> Iterator[None]:
    """Name the part in what a reader refuses."""
    try:
        yield
    except InputError as error:
        raise input_problem(error, part, frame) from error
