"""NumPy's `.npy` files: the header is checked against the bytes before an array is made."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.raw_cloud import CloudFields, RawCloud, check_point_count, invalid_cloud
from worker.inputs.source import Data, stream_of

# An array of so few rows and so many columns has a point in each column.
_MOST_COORDINATES, _LEAST_POINTS = 8, 100


@dataclass(frozen=True)
class NpyFile:
    """A `.npy` file whose numbers are known to be there, but not yet an array.

    Attributes:
        shape: Of the array.
        dtype: Of the array; never Python objects.
        order: `C` or `F`.
        body: The bytes of the numbers.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: Literal["C", "F"]
    body: memoryview

    @classmethod
    def parse(cls, data: Data, invalid: Callable[[str], InputError]) -> Self:
        """Read the header, and nothing that would unpickle.

        Raises:
            InputError: made by `invalid` from a sentence.
        """
        shape, fortran_order, dtype, start = _read_header(data, invalid)
        if dtype.hasobject or dtype.subdtype is not None or dtype.itemsize == 0:
            raise invalid("The .npy array does not hold numbers: save plain float or integer numbers.")
        claimed = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or claimed > len(data) - start:
            raise invalid(
                f"The .npy header promises an array {shape} of {dtype.itemsize} bytes each, the file holds "
                f"{len(data) - start} bytes of it: send the whole file."
            )
        return cls(shape, dtype, "F" if fortran_order else "C", memoryview(data)[start : start + claimed])

    def array(self) -> npt.NDArray[Any]:
        """View the numbers as the array they are."""
        return np.ndarray(self.shape, self.dtype, buffer=self.body, order=self.order)


def read_npy_cloud(data: Data, limits: InputLimits) -> RawCloud:
    """Read a cloud of shape (N, 3 or more) - x, y, z, then intensity - or of N records with such fields.

    Raises:
        InputError: for every file that is no such array.
    """
    file = NpyFile.parse(data, invalid_cloud)
    if file.dtype.names is not None and len(file.shape) == 1:
        return _from_records(file, limits)
    if len(file.shape) != 2 or file.shape[1] < 3 or file.dtype.kind not in "iuf":
        raise invalid_cloud(
            f"The .npy cloud has the shape {file.shape} and type {file.dtype.kind!r}: save real numbers of shape "
            "(N, 3) or (N, 4), or records with the fields x, y, z."
        )
    if 3 <= file.shape[0] <= _MOST_COORDINATES and file.shape[1] >= _LEAST_POINTS:
        raise invalid_cloud(
            f"The .npy cloud has the shape {file.shape}: points must be rows, of shape {file.shape[::-1]}; transpose "
            "the array."
        )
    check_point_count(file.shape[0], limits)
    rows = file.array()
    return RawCloud(xyz=rows[:, :3], intensity=rows[:, 3] if rows.shape[1] > 3 else None)


def _from_records(file: NpyFile, limits: InputLimits) -> RawCloud:
    names = file.dtype.names or ()
    used = [names[field] for field in CloudFields.among(names).used()]
    for name in used:
        if file.dtype[name].kind not in "iuf":
            raise invalid_cloud(f"The field {name!r} of the .npy cloud does not hold one real number a point.")
    check_point_count(file.shape[0], limits)
    records = file.array()
    return RawCloud.from_columns(*(records[name] for name in used))


def _read_header(data: Data, invalid: Callable[[str], InputError]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    stream = stream_of(data)
    try:
        version = np.lib.format.read_magic(stream)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, fortran_order, dtype = readers[version](stream)
    except Exception as error:  # the header is Python syntax: its parser raises whatever the bytes provoke
        raise invalid("The file is no .npy array of version 1 or 2: save it with numpy.save.") from error
    return shape, fortran_order, dtype, stream.tell()
