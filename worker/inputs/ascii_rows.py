"""Rows of numbers in text, as ascii PCD and PLY files hold them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from worker.inputs.raw_cloud import invalid_cloud, truncated_cloud

# Together they bound the memory of one block, whatever the text: 4096 rows of at most 4096 numbers.
_BLOCK_ROWS = 4096
_MAX_LINE_BYTES = 8192


def read_ascii_rows(
    stream: BinaryIO, num_rows: int, num_columns: int, columns: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Read the next `num_rows` lines of `num_columns` numbers each and return some of the columns.

    Returns:
        (num_rows, len(columns)) numbers; `nan` and `inf` are understood.

    Raises:
        InputError: `truncated-point-cloud` when lines are missing, `invalid-point-cloud` when one is not such a row.
    """
    blocks: list[npt.NDArray[np.float64]] = []
    for first in range(0, num_rows, _BLOCK_ROWS):
        wanted = min(_BLOCK_ROWS, num_rows - first)
        lines = list(islice(text_lines(stream), wanted))
        if len(lines) < wanted:
            raise truncated_cloud(f"{num_rows} points", f"{first + len(lines)}")
        blocks.append(_parse_block(lines, num_columns, first)[:, columns])
    return np.concatenate(blocks)


def skip_ascii_rows(stream: BinaryIO, num_rows: int) -> None:
    """Pass over the next `num_rows` lines.

    Raises:
        InputError: `truncated-point-cloud` when lines are missing.
    """
    skipped = sum(1 for _ in islice(text_lines(stream), num_rows))
    if skipped < num_rows:
        raise truncated_cloud(f"{num_rows} lines before the points", f"{skipped}")


def _parse_block(lines: list[bytes], num_columns: int, first: int) -> npt.NDArray[np.float64]:
    # numpy passes over blank lines, and warns where there is nothing else.
    if not all(line.strip() for line in lines):
        raise invalid_cloud(f"There is a blank line among points {first} to {first + len(lines) - 1}: remove it.")
    try:
        rows = np.loadtxt(lines, dtype=np.float64, comments=None, ndmin=2)
    except ValueError as error:
        raise invalid_cloud(f"A line of points is no row of numbers (counting from point {first}: {error}).") from error
    if rows.shape != (len(lines), num_columns):
        raise invalid_cloud(f"The lines of points hold {rows.shape[1]} numbers each, the header says {num_columns}.")
    return rows


def text_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines from here on.

    Raises:
        InputError: `invalid-point-cloud` when one is so long that this is no text.
    """
    while line := stream.readline(_MAX_LINE_BYTES):
        if len(line) == _MAX_LINE_BYTES:
            raise invalid_cloud(f"A line of the point cloud has more than {_MAX_LINE_BYTES} bytes: is this text?")
        yield line
