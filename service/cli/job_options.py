"""The options that describe a calibration, shared by every command that starts one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.calibration_files import initial_from_file, read_camera
from service.cli.errors import EXIT_BAD_INPUT, CommandError
from service.cli.job import FrameFiles
from service.cli.json_object import read_json_object
from worker.inputs.calibration_files import FrameChoice
from worker.inputs.request import CalibrationRequest, parse_request

# Of calibration files some are folders; of all others none is.
Images = Annotated[
    list[Path], typer.Option(help="Camera image, PNG or JPEG; repeat for more frames.", exists=True, dir_okay=False)
]
PointClouds = Annotated[
    list[Path],
    typer.Option(help="LiDAR sweep (.bin, .pcd, .ply, .las, .npy ...), one an image.", exists=True, dir_okay=False),
]
CameraFile = Annotated[
    Path, typer.Option(help="JSON with the `camera` of a request, or any file that `convert` reads.", exists=True)
]
InitialFile = Annotated[
    Path, typer.Option(help="JSON with the `initial` of a request, or any file that `convert` reads.", exists=True)
]
ImageModel = Annotated[
    str | None,
    typer.Option(help="Network for the images (`semalign models list`); `auto`, the default, chooses one."),
]
CloudModel = Annotated[str | None, typer.Option(help="Network for the clouds; `auto` goes by the sensor.")]
ImageLabels = Annotated[
    list[Path] | None,
    typer.Option(help="PNG of class ids in place of a network, one for each image.", exists=True, dir_okay=False),
]
ImageLabelMap = Annotated[
    Path | None, typer.Option(help='JSON file that names the ids: {"13": "car", ...}.', exists=True, dir_okay=False)
]
PointLabels = Annotated[
    list[Path] | None,
    typer.Option(help="Class id of every point (.label, .npy) in place of a network.", exists=True, dir_okay=False),
]
PointLabelMap = Annotated[Path | None, typer.Option(help="JSON file that names the ids.", exists=True, dir_okay=False)]
PriorRotation = Annotated[float | None, typer.Option(help="How far roll, pitch and yaw may be off, each way.")]
PriorTranslation = Annotated[float | None, typer.Option(help="How far the camera centre may be off along each axis.")]
ProfileName = Annotated[
    str | None,
    typer.Option(help="robust, which says how far to trust the result (default), or paper, as published."),
]
OptionsFile = Annotated[
    Path | None, typer.Option(help="JSON file with the object `options` of a request.", exists=True, dir_okay=False)
]
Seed = Annotated[int | None, typer.Option(help="Seed of the search.")]
CameraFrame = Annotated[str | None, typer.Option(help="The camera, where a calibration file has several.")]
LidarFrame = Annotated[str | None, typer.Option(help="The LiDAR, where a calibration file has several.")]


def request_from_options(
    camera: Path,
    initial: Path,
    *,
    images: Sequence[Path],
    frames: FrameChoice,
    prior: tuple[float | None, float | None] = (None, None),
    image_label_map: Path | None = None,
    point_label_map: Path | None = None,
    options: Path | Mapping[str, Any] | None = None,
    **fields: Any,
) -> CalibrationRequest:
    """Make a request of what was given on the command line; what was left out keeps the defaults of the HTTP request.

    Args:
        camera: file with the intrinsics.
        initial: file with the initial extrinsic.
        images: what the camera took; they are of one size.
        frames: which of a calibration file's frames are meant.
        prior: how far the initial extrinsic may be off: degrees, metres.
        image_label_map: file that names the ids of image labels.
        point_label_map: file that names the ids of point labels.
        options: the settings, or a file with them.
        **fields: other fields of the request as they are; None for its default.

    Raises:
        InputError: a file or a value cannot be used.
    """
    rotation_deg, translation_m = prior
    return parse_request(
        json.dumps(
            _without_none(
                camera=read_camera(camera, frames).for_image(images[0]).model_dump(exclude_none=True),
                initial=initial_from_file(initial, frames).model_dump(exclude_none=True),
                prior=_without_none(rotation_deg=rotation_deg, translation_m=translation_m),
                image_label_map=image_label_map and read_json_object(image_label_map),
                point_label_map=point_label_map and read_json_object(point_label_map),
                options=read_json_object(options) if isinstance(options, Path) else options,
                **fields,
            )
        )
    )


def pair_frames(
    images: Sequence[Path],
    clouds: Sequence[Path],
    image_labels: Sequence[Path] | None,
    point_labels: Sequence[Path] | None,
) -> tuple[FrameFiles, ...]:
    """Make frames of files given in the same order.

    Raises:
        CommandError: there are more of the one than of the other.
    """
    for option, files in (
        ("--point-cloud", clouds),
        ("--image-labels", image_labels),
        ("--point-labels", point_labels),
    ):
        if files and len(files) != len(images):
            raise CommandError(
                f"There are {len(images)} --image and {len(files)} {option}: give one of each for every frame, in the "
                "same order.",
                EXIT_BAD_INPUT,
            )
    return tuple(
        FrameFiles(
            image,
            clouds[index],
            image_labels[index] if image_labels else None,
            point_labels[index] if point_labels else None,
        )
        for index, image in enumerate(images)
    )


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
