"""Manifests: what a batch is to calibrate, as CSV or as JSON lines."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.client import Frame
from worker.inputs import InputError
from worker.inputs.request import CalibrationRequest, check_label_sources, parse_request

_PARTS = ("image", "point_cloud", "image_labels", "point_labels")
_FILES_OF_REQUEST = ("camera", "initial", "image_label_map", "point_label_map", "options")
_PRIOR = {"prior_rotation_deg": "rotation_deg", "prior_translation_m": "translation_m"}
# Names of jobs become names of files.
_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class BatchDefaults:
    """What a manifest need not repeat: fields of the request, as they stand in one.

    Attributes:
        fields: such as `initial`, `prior` and `seed`.
        camera: the file with the camera, which is compared with the image of each job.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    camera: Path | None = None


@dataclass(frozen=True)
class BatchJob:
    """One job of a batch.

    Attributes:
        name: What the manifest calls it; no two are called the same.
        frames: Its files.
        request: The JSON part, checked.
        digest: Of the request and of path, size and time of each file: another one means another job.
    """

    name: str
    frames: tuple[Frame, ...]
    request: CalibrationRequest
    digest: str


@dataclass(frozen=True)
class PartReader:
    """How files that a manifest names are read as parts of a request.

    Attributes:
        camera: makes the `camera` object of a file; its other argument is an image that the camera took.
        initial: makes the `initial` object of a file.
        other: makes any other object of a file.
    """

    camera: Callable[[Path, Path], Any]
    initial: Callable[[Path], Any]
    other: Callable[[Path], Any]

    def read(self, name: str, path: Path, image: Path) -> Any:
        """Read a file as the field of this name of a job with this image."""
        if name == "camera":
            return self.camera(path, image)
        return (self.initial if name == "initial" else self.other)(path)


def read_manifest(path: Path, defaults: BatchDefaults, reader: PartReader) -> tuple[BatchJob, ...]:
    """Read a manifest; its files are looked for beside it.

    A CSV file has a row for each frame; rows of one `name` are frames of one job. A file of JSON lines has an object
    for each job: fields of the request, and `frames`, or `image` and `point_cloud` of its only one.

    Raises:
        InputError: It cannot be used; the sentence names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("unreadable-file", f"{path} cannot be read as text: {error}.") from error
    is_json = text.lstrip()[:1] == "{"
    entries = list(_json_entries(text, path) if is_json else _csv_entries(text, path))
    if not entries:
        raise InputError("invalid-request", f"{path} names no job: give it a line for each.")
    jobs = [_job(where, entry, path.parent, defaults, reader) for where, entry in entries]
    names = [job.name for job in jobs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError("invalid-request", f"{path} has two jobs {twice[0]}: give each a name of its own.")
    return tuple(jobs)


def _json_entries(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise InputError("invalid-json", f"{where} is not JSON: {error}.") from error
        if not isinstance(entry, dict):
            raise InputError("invalid-json", f"{where} must be a JSON object.")
        entry.setdefault("name", f"job-{number:05d}")
        if "frames" not in entry:
            entry["frames"] = [{part: entry.pop(part) for part in _PARTS if part in entry}]
        yield where, entry


def _csv_entries(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    jobs: dict[str, tuple[str, dict[str, Any]]] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        where = f"{path}, line {number}"
        if None in row or None in row.values():
            raise InputError("invalid-request", f"{where} has not as many columns as the first line.")
        values = {name.strip(): value.strip() for name, value in row.items() if value.strip()}
        frame = {part: values.pop(part) for part in _PARTS if part in values}
        name = values.get("name") or f"job-{number - 1:05d}"
        if name not in jobs:
            jobs[name] = where, {**values, "name": name, "frames": []}
        known = jobs[name][1]
        if differing := sorted(key for key, value in values.items() if known.get(key) != value):
            raise InputError("invalid-request", f"{where}: frames of {name} differ in {', '.join(differing)}.")
        known["frames"].append(frame)
    yield from jobs.values()


def _job(where: str, entry: dict[str, Any], folder: Path, defaults: BatchDefaults, reader: PartReader) -> BatchJob:
    name = str(entry.pop("name"))
    if not _NAME.fullmatch(name):
        raise InputError(
            "invalid-request", f"{where}: the name {name!r} must be letters, digits, '.', '_' and '-': files have it."
        )
    frames = tuple(_frame(where, frame, folder) for frame in entry.pop("frames"))
    if defaults.camera is not None:
        entry.setdefault("camera", str(defaults.camera.absolute()))
    fields = {**defaults.fields, **_fields(where, entry, folder, reader, frames[0])}
    try:
        request = parse_request(json.dumps(fields))
        check_label_sources(
            request,
            has_image_labels=any(frame.image_labels for frame in frames),
            has_point_labels=any(frame.point_labels for frame in frames),
        )
    except InputError as error:
        raise InputError(error.code, f"{where}: {error.message}") from error
    return BatchJob(name, frames, request, _digest(request, frames))


def _frame(where: str, entry: Any, folder: Path) -> Frame:
    if not isinstance(entry, dict) or not {"image", "point_cloud"} <= set(entry) <= set(_PARTS):
        raise InputError(
            "invalid-request", f"{where}: each frame has image and point_cloud, and may have {', '.join(_PARTS[2:])}."
        )
    paths = {part: folder / str(value) for part, value in entry.items()}
    for part, path in paths.items():
        if not path.is_file():
            raise InputError("unreadable-file", f"{where}: there is no file {path} ({part}).")
    return Frame(**paths)


def _fields(where: str, entry: dict[str, Any], folder: Path, reader: PartReader, first: Frame) -> dict[str, Any]:
    """Return the fields of the request; where text stands for an object, it names a file."""
    fields = dict(entry)
    for name in _FILES_OF_REQUEST:
        if isinstance(fields.get(name), str):
            try:
                fields[name] = reader.read(name, folder / fields[name], Path(first.image))
            except InputError as error:
                raise InputError(error.code, f"{where}: {error.message}") from error
    prior = {to: fields.pop(name) for name, to in _PRIOR.items() if name in fields}
    if prior or isinstance(fields.get("seed"), str):
        try:
            # Values of CSV are text.
            fields["prior"] = {**fields.get("prior", {}), **{name: float(value) for name, value in prior.items()}}
            fields["seed"] = int(fields.get("seed", 0))
        except ValueError as error:
            raise InputError("invalid-request", f"{where}: prior and seed are numbers ({error}).") from error
    return fields


def _digest(request: CalibrationRequest, frames: tuple[Frame, ...]) -> str:
    digest = hashlib.sha256(request.model_dump_json().encode())
    for frame in frames:
        for part in _PARTS:
            if (path := getattr(frame, part)) is not None:
                stat = Path(path).stat()
                digest.update(f"|{part}:{path}:{stat.st_size}:{stat.st_mtime_ns}".encode())
    return digest.hexdigest()
