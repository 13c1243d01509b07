"""The header of PLY files (Greg Turk's Polygon File Format, version 1.0)."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from worker.inputs.header_lines import header_lines, is_whole_number
from worker.inputs.raw_cloud import invalid_cloud
from worker.inputs.source import Data

PlyFormat = Literal["ascii", "binary_little_endian", "binary_big_endian"]

_FORMATS: dict[str, PlyFormat] = {
    "ascii": "ascii",
    "binary_little_endian": "binary_little_endian",
    "binary_big_endian": "binary_big_endian",
}
_TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4"},
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4"},
    **{"double": "f8", "float64": "f8"},
}


@dataclass(frozen=True)
class PlyProperty:
    """One property of an element.

    Attributes:
        name: As the file has it.
        dtype: Of the value, or of every item of a list.
        count_dtype: Of a list's length; None for a single value.
    """

    name: str
    dtype: np.dtype[np.generic]
    count_dtype: np.dtype[np.generic] | None = None


@dataclass(frozen=True)
class PlyElement:
    """One table of a PLY file.

    Attributes:
        name: `vertex` holds the points.
        count: Claimed rows, not yet checked against the bytes.
        properties: In the file's order.
    """

    name: str
    count: int
    properties: tuple[PlyProperty, ...] = ()

    @property
    def num_lists(self) -> int:
        """Return how many properties are lists."""
        return sum(p.count_dtype is not None for p in self.properties)


@dataclass(frozen=True)
class PlyHeader:
    """What a PLY file says about itself.

    Attributes:
        format: Of the rows.
        elements: In the file's order.
        body: Where in the file the rows start, bytes.
    """

    format: PlyFormat
    elements: tuple[PlyElement, ...]
    body: int

    @classmethod
    def parse(cls, data: Data) -> Self:
        """Read the header at the start of a file.

        Raises:
            InputError: `invalid-point-cloud`.
        """
        lines, body = _split(data)
        if not lines or lines[0] != ["ply"]:
            raise invalid_cloud("The file does not begin with the line 'ply': is this a PLY file?")
        match lines[1:2]:
            case [["format", name, "1.0"]] if name in _FORMATS:
                ply_format = _FORMATS[name]
            case _:
                raise invalid_cloud(
                    f"The second line of a PLY file must be 'format F 1.0', F one of {', '.join(_FORMATS)}."
                )
        byte_order = ">" if ply_format == "binary_big_endian" else "<"
        elements: list[PlyElement] = []
        for words in lines[2:]:
            _add(elements, words, byte_order)
        return cls(ply_format, tuple(elements), body)


def _split(data: Data) -> tuple[list[list[str]], int]:
    """Return the words of the header's lines, without remarks, and where the header ends."""
    lines: list[list[str]] = []
    for words, end in header_lines(data):
        if words == ["end_header"]:
            return lines, end
        if words[0] not in {"comment", "obj_info"}:
            lines.append(words)
    raise invalid_cloud("The PLY header has no end_header line: is this a PLY file?")


def _add(elements: list[PlyElement], words: list[str], byte_order: str) -> None:
    match words:
        case ["element", name, count] if is_whole_number(count):
            elements.append(PlyElement(name, int(count)))
        case ["property", kind, name] if elements and kind in _TYPES:
            _add_property(elements, PlyProperty(name, np.dtype(byte_order + _TYPES[kind])))
        case ["property", "list", count_kind, kind, name] if (
            elements and kind in _TYPES and _TYPES.get(count_kind, "f")[0] != "f"
        ):
            count_dtype = np.dtype(byte_order + _TYPES[count_kind])
            _add_property(elements, PlyProperty(name, np.dtype(byte_order + _TYPES[kind]), count_dtype))
        case _:
            raise invalid_cloud(f"The PLY header has a line that makes no sense: {' '.join(words)[:80]!r}.")


def _add_property(elements: list[PlyElement], new: PlyProperty) -> None:
    last = elements[-1]
    elements[-1] = PlyElement(last.name, last.count, (*last.properties, new))
