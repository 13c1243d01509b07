"""KITTI's calibration texts: a name, a colon, and the numbers of a matrix, row by row."""

import numpy as np

from worker.inputs.calibration_files.calibration import invalid
from worker.inputs.calibration_files.values import matrix, rigid
from worker.inputs.rigid import Matrix


def parse_entries(text: str) -> dict[str, list[str]]:
    """Return the words after each name."""
    entries = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        if colon:
            entries[name.strip()] = rest.split()
    return entries


def matrix_of(entries: dict[str, list[str]], name: str, rows: int, columns: int, what: str) -> Matrix:
    """Return an entry as a matrix.

    Raises:
        InputError: it is not there, or no such matrix.
    """
    if name not in entries:
        raise invalid(f"{what} has no line {name!r}; it has {', '.join(list(entries)[:20]) or 'none'}.")
    return matrix(entries[name], rows, columns, f"{name} of {what}")


def camera_and_offset(projection: Matrix, what: str) -> tuple[Matrix, Matrix]:
    """Split a projection (3, 4) into K (3, 3) and the shift (4, 4) of the rectified frame to the camera's own."""
    K = projection[:, :3]
    shift = np.eye(4)
    try:
        shift[:3, 3] = np.linalg.solve(K, projection[:, 3])
    except np.linalg.LinAlgError as error:
        raise invalid(f"The projection matrix of {what} has no inverse: it is damaged.") from error
    return K, rigid(shift, f"The projection matrix of {what}")
