"""`semalign convert`: a calibration file of one tool as that of another."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from service.cli.errors import EXIT_BAD_INPUT, CommandError, errors_as_sentences
from service.cli.server import AsJson
from worker.inputs.calibration_files import FORMATS, FrameChoice, SensorCalibration, read_calibration

_FORMAT_NAMES = ", ".join(FORMATS)


class Axes(StrEnum):
    """How a camera's frame is turned."""

    optical = "optical"
    body = "body"


def convert(
    source: Annotated[
        Path, typer.Argument(help="Calibration file, or the folder of one that has several.", exists=True)
    ],
    target: Annotated[Path, typer.Argument(help="Where to write it; a folder for kitti-raw.")],
    to: Annotated[str, typer.Option("--to", help=f"Format to write: {_FORMAT_NAMES}.")],
    from_: Annotated[
        str | None, typer.Option("--from", help="Format of the file; left out, its content tells.")
    ] = None,
    extrinsic: Annotated[
        Path | None,
        typer.Option(help="Take the extrinsic from this file, where the first has intrinsics only.", exists=True),
    ] = None,
    extrinsic_from: Annotated[str | None, typer.Option(help="Format of --extrinsic.")] = None,
    camera_frame: Annotated[str | None, typer.Option(help="The camera, where the file has several.")] = None,
    lidar_frame: Annotated[str | None, typer.Option(help="The LiDAR, where the file has several.")] = None,
    camera_axes: Annotated[
        Axes | None,
        typer.Option(help="Axes of the camera's frame in a ROS or Autoware file: optical has z forward, body x."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Convert intrinsics and extrinsics between the calibration files of common tools.

    Extrinsics are printed as T_cam_lidar, p_cam = T_cam_lidar p_lidar with x right, y down and z forward in the camera,
    whichever way the file has them.
    """
    with errors_as_sentences():
        choice = FrameChoice(camera_frame, lidar_frame, camera_axes.value if camera_axes else None)
        for name in filter(None, (to, from_, extrinsic_from)):
            if name not in FORMATS:
                raise CommandError(f"{name!r} is no format that is known: {_FORMAT_NAMES}.", EXIT_BAD_INPUT)
        calibration = read_calibration(source, from_, choice)
        if extrinsic is not None:
            other = read_calibration(extrinsic, extrinsic_from, choice)
            calibration = replace(
                calibration,
                T_cam_lidar=other.known_extrinsic(f"--extrinsic {extrinsic}"),
                camera_frame=other.camera_frame,
                lidar_frame=other.lidar_frame,
            )
        written = FORMATS[to].write(calibration)
        _save(written, target)
        if as_json:
            typer.echo(json.dumps(_object(calibration, to, target)))
        else:
            _describe(calibration, to)


def _save(written: str | dict[str, str], target: Path) -> None:
    files = {target: written} if isinstance(written, str) else {target / name: text for name, text in written.items()}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.", EXIT_BAD_INPUT) from error


def _object(calibration: SensorCalibration, to: str, target: Path) -> dict[str, Any]:
    """Return what was read and where it went, for programs."""
    camera, transform = calibration.camera, calibration.T_cam_lidar
    return {
        "format": to,
        "path": str(target),
        "camera": None if camera is None else camera.model_dump(mode="json", exclude_none=True),
        "T_cam_lidar": None if transform is None else transform.tolist(),
        "camera_frame": calibration.camera_frame,
        "lidar_frame": calibration.lidar_frame,
        "left_out": _left_out(calibration, to),
    }


def _left_out(calibration: SensorCalibration, to: str) -> list[str]:
    """Name what the format has no place for."""
    left_out = []
    if calibration.camera is not None and not FORMATS[to].holds_camera:
        left_out.append("the intrinsics")
    if calibration.T_cam_lidar is not None and not FORMATS[to].holds_extrinsic:
        left_out.append("the extrinsic")
    return left_out


def _describe(calibration: SensorCalibration, to: str) -> None:
    """Print what was written, and what the format had no place for."""
    console = Console(highlight=False, soft_wrap=True)
    if calibration.camera is not None:
        model, distortion = calibration.camera.model, calibration.camera.coefficients()
        bends = f", distortion {' '.join(f'{value:g}' for value in distortion)}" if distortion else ""
        (fx, _, cx), (_, fy, cy), _ = calibration.camera.K
        console.print(f"camera {calibration.camera_frame}: {model}, fx {fx:g} fy {fy:g} cx {cx:g} cy {cy:g} px{bends}")
    if calibration.T_cam_lidar is not None:
        console.print(f"T_cam_lidar, from {calibration.lidar_frame} to {calibration.camera_frame}:")
        console.print(np.array2string(calibration.T_cam_lidar, precision=6, suppress_small=True))
    if left_out := _left_out(calibration, to):
        console.print(f"Left out, because {to} has no place for it: {' and '.join(left_out)}.")
