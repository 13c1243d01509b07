"""CSV clouds: a line a point, with or without a line of names first."""

import re
from itertools import islice

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
_NO_NAME = re.compile(r"^[+-]?(nan|inf|infinity)$|^[+-]?[\d.]+(e[+-]?\d+)?$", re.IGNORECASE)


def read_csv_cloud(data: Data, limits: InputLimits) -> RawCloud:
    """Read x, y, z and, where there is one, the intensity, separated by commas, semicolons, tabs or spaces.

    A first line of names tells the columns; without one they are x, y, z and, where there is a fourth, the intensity.

    Raises:
        InputError: for every file that is no such table.
    """
    stream = stream_of(data)
    start = stream.seek(len(_BYTE_ORDER_MARK) if data[: len(_BYTE_ORDER_MARK)] == _BYTE_ORDER_MARK else 0)
    first = next(iter(text_lines(stream)), b"").decode("utf-8", "replace").strip()
    separator = next((mark for mark in _SEPARATORS if mark in first), None)
    cells = [cell.strip().strip("\"'") for cell in first.split(separator)]
    if any(_WORD.search(cell) and not _NO_NAME.match(cell) for cell in cells):
        fields = CloudFields.among(cells)
    else:
        if len(cells) < 3:
            raise invalid_cloud("A CSV cloud needs x, y and z in every line, separated by commas.")
        fields = CloudFields(0, 1, 2, 3 if len(cells) > 3 else None)
        stream.seek(start)
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


def _parse(lines: list[bytes], separator: str | None, fields: CloudFields, first: int) -> npt.NDArray[np.float64]:
    try:
        return np.loadtxt(lines, np.float64, delimiter=separator, comments=None, usecols=fields.used(), ndmin=2)
    except ValueError as error:
        raise invalid_cloud(f"A line of points is no row of numbers (counting from point {first}: {error}).") from error
