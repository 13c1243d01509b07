"""The header of the Point Cloud Library's PCD files, version 0.7 and its forerunners."""

import math
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from worker.inputs.header_lines import header_lines, is_whole_number
from worker.inputs.raw_cloud import invalid_cloud
from worker.inputs.source import Data

PcdEncoding = Literal["ascii", "binary", "binary_compressed"]

_KEYS = frozenset({"VERSION", "FIELDS", "COLUMNS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS"})
_KINDS = {"F": "f", "I": "i", "U": "u"}
_NUMBER_TYPES = frozenset({"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"})


@dataclass(frozen=True)
class PcdField:
    """One field of every point.

    Attributes:
        name: As the file has it.
        kind: `F` float, `I` signed, `U` unsigned.
        size: Bytes of one element.
        count: Elements a point has of this field.
    """

    name: str
    kind: str
    size: int
    count: int

    @property
    def num_bytes(self) -> int:
        """Return the bytes one point has of this field."""
        return self.size * self.count

    def dtype(self) -> np.dtype[np.generic]:
        """Return the type of a field that holds one number.

        Raises:
            InputError: `invalid-point-cloud` when it does not.
        """
        code = f"{_KINDS.get(self.kind, '?')}{self.size}"
        if code not in _NUMBER_TYPES or self.count != 1:
            raise invalid_cloud(
                f"The PCD field {self.name!r} (type {self.kind}, size {self.size}, count {self.count}) is no single "
                "number: save it as F, I or U of 1 to 8 bytes with count 1."
            )
        return np.dtype(f"<{code}")


@dataclass(frozen=True)
class PcdHeader:
    """What a PCD file says about itself.

    Attributes:
        fields: In the file's order.
        num_points: Claimed, not yet checked against the bytes.
        encoding: Of the points.
        body: Where in the file the points start, bytes.
    """

    fields: tuple[PcdField, ...]
    num_points: int
    encoding: PcdEncoding
    body: int

    @property
    def point_bytes(self) -> int:
        """Return the bytes of one point in the binary encodings."""
        return sum(field.num_bytes for field in self.fields)

    @classmethod
    def parse(cls, data: Data) -> Self:
        """Read the header at the start of a file; its VIEWPOINT is ignored, points stay in the LiDAR frame.

        Raises:
            InputError: `invalid-point-cloud`.
        """
        entries, encoding, body = _split(data)
        names = entries.get("FIELDS") or entries.get("COLUMNS") or []
        sizes = _numbers(entries, "SIZE")
        kinds = entries.get("TYPE", [])
        counts = _numbers(entries, "COUNT") if "COUNT" in entries else [1] * len(names)
        if not names or not len(names) == len(sizes) == len(kinds) == len(counts):
            raise invalid_cloud("FIELDS, SIZE, TYPE and COUNT of the PCD header must have one entry for each field.")
        return cls(
            fields=tuple(PcdField(*field) for field in zip(names, kinds, sizes, counts, strict=True)),
            num_points=_num_points(entries),
            encoding=encoding,
            body=body,
        )


def _split(data: Data) -> tuple[dict[str, list[str]], PcdEncoding, int]:
    """Return the header's entries, the encoding named by its last line, and where that line ends."""
    entries: dict[str, list[str]] = {}
    for (key, *values), end in header_lines(data):
        if key.startswith("#"):
            continue
        if key == "DATA":
            for encoding in get_args(PcdEncoding):
                if values == [encoding]:
                    return entries, encoding, end
            raise invalid_cloud("The PCD header must end with DATA ascii, binary or binary_compressed.")
        if key not in _KEYS:
            raise invalid_cloud(f"The PCD header has the unknown line {key[:40]!r}: is this a PCD file?")
        entries[key] = values
    raise invalid_cloud("The PCD header has no DATA line: is this a PCD file?")


def _num_points(entries: dict[str, list[str]]) -> int:
    size = math.prod(_number(entries, key) for key in ("WIDTH", "HEIGHT") if key in entries)
    if "POINTS" not in entries and "WIDTH" not in entries:
        raise invalid_cloud("The PCD header says neither POINTS nor WIDTH: add them.")
    num_points = _number(entries, "POINTS") if "POINTS" in entries else size
    if "WIDTH" in entries and num_points != size:
        raise invalid_cloud(f"The PCD header says POINTS {num_points}, but WIDTH x HEIGHT is {size}: make them agree.")
    return num_points


def _number(entries: dict[str, list[str]], key: str) -> int:
    numbers = _numbers(entries, key)
    if len(numbers) != 1:
        raise invalid_cloud(f"{key} of the PCD header must be one number.")
    return numbers[0]


def _numbers(entries: dict[str, list[str]], key: str) -> list[int]:
    words = entries.get(key, [])
    if not all(is_whole_number(word) for word in words):
        raise invalid_cloud(f"{key} of the PCD header must be whole numbers, not {' '.join(words)[:80]!r}.")
    return [int(word) for word in words]
