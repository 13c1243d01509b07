"""CSV clouds: a line a point, with or without a line of names first."""

import re
from itertools import islice
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from worker.inputs.ascii_rows import text_lines
from worker.inputs.limits import InputLimits
from worker.inputs.raw_cloud import CloudFields, RawCloud, check_point_count, invalid_cloud
from worker.inputs.source import Data, stream_of

_BLOCK_ROWS = 16_384
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SEPARATORS = (",", ";", "\t")
_WORD = re.compile(r"[A-Za-z_]")
# NumPy's savetxt puts one before the names, CloudCompare the other.
_REMARK = re.compile(r"^\s*(#|//)+")
_NO_NAME = re.compile(r"^[+-]?(nan|inf|infinity)$|^[+-]?[\d.]+(e[+-]?\d+)?$", re.IGNORECASE)


def read_csv_cloud(data: Data, limits: InputLimits) -> RawCloud:
    """Read x, y, z and, where there is one, the intensity, separated by commas, semicolons, tabs or spaces.

    A first line of names tells the columns; without one they are x, y, z and, where there is a fourth, the intensity.
    The names may stand in a remark (`# x y z`, `//X,Y,Z`); other remarks before the points are passed over.

    Raises:
        InputError: for every file that is no such table.
    """
    stream = stream_of(data)
    start = stream.seek(len(_BYTE_ORDER_MARK) if data[: len(_BYTE_ORDER_MARK)] == _BYTE_ORDER_MARK else 0)
    fields, separator = _read_head(stream, start)
    filled = (line for line in text_lines(stream) if line.strip())
    blocks: list[npt.NDArray[np.float64]] = []
    num_points = 0
    while lines := list(islice(filled, _BLOCK_ROWS)):
        blocks.append(_parse(lines, separator, fields, num_points))
        num_points += len(lines)
        check_point_count(num_points, limits)
    check_point_count(num_points, limits)
    rows = np.concatenate(blocks)
    return RawCloud(xyz=rows[:, :3], intensity=None if fields.intensity is None else rows[:, 3])


def _read_head(stream: BinaryIO, start: int) -> tuple[CloudFields, str | None]:
    """Read up to the first point, and return which columns are meant and what separates them, None for spaces."""
    names: list[str] | None = None
    while True:
        line = next(iter(text_lines(stream)), b"").decode("utf-8", "replace").strip()
        remark = _REMARK.match(line)
        separator, cells = _split(line[remark.end() :] if remark else line)
        if not remark:
            break
        if {"x", "y", "z"} <= {cell.lower() for cell in cells}:
            names = cells
        start = stream.tell()
    if names is None and any(_WORD.search(cell) and not _NO_NAME.match(cell) for cell in cells):
        return CloudFields.among(cells), separator
    stream.seek(start)
    if names is not None:
        return CloudFields.among(names), separator
    if len(cells) < 3:
        raise invalid_cloud("A CSV cloud needs x, y and z in every line, separated by commas.")
    return CloudFields(0, 1, 2, 3 if len(cells) > 3 else None), separator


def _split(line: str) -> tuple[str | None, list[str]]:
    """Return what separates the cells of a line, None for spaces, and the cells."""
    separator = next((mark for mark in _SEPARATORS if mark in line), None)
    return separator, [cell.strip().strip("\"'") for cell in line.split(separator)]


def _parse(lines: list[bytes], separator: str | None, fields: CloudFields, first: int) -> npt.NDArray[np.float64]:
    try:
        return np.loadtxt(lines, np.float64, delimiter=separator, comments=None, usecols=fields.used(), ndmin=2)
    except ValueError as error:
        raise invalid_cloud(f"A line of points is no row of numbers (counting from point {first}: {error}).") from error
