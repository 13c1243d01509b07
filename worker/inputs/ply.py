"""PLY files: ascii, binary little-endian and binary big-endian."""

import itertools

import numpy as np

from worker.inputs.ascii_rows import read_ascii_rows, skip_ascii_rows
from worker.inputs.limits import InputLimits
from worker.inputs.ply_header import PlyElement, PlyHeader
from worker.inputs.raw_cloud import (
    CloudFields,
    RawCloud,
    check_point_count,
    invalid_cloud,
    strided_column,
    truncated_cloud,
)
from worker.inputs.source import Data, stream_of

# Values before the points are walked one by one, in Python: two million take about two seconds.
_MAX_PASSED_OVER = 2_000_000


def read_ply(data: Data, limits: InputLimits) -> RawCloud:
    """Read x, y, z and, where there is one, the intensity of the element `vertex`; all else is passed over.

    Raises:
        InputError: for every file that is no whole, sensible PLY file.
    """
    header = PlyHeader.parse(data)
    before = list(itertools.takewhile(lambda element: element.name != "vertex", header.elements))
    if len(before) == len(header.elements):
        raise invalid_cloud("The PLY file has no element 'vertex': the points must be called so.")
    vertex = header.elements[len(before)]
    if vertex.num_lists:
        raise invalid_cloud("The element 'vertex' of the PLY file has a list property: save the points without it.")
    fields = CloudFields.among([p.name for p in vertex.properties])
    check_point_count(vertex.count, limits)
    for element in before:
        if element.count * max(1, len(element.properties)) > _MAX_PASSED_OVER:
            raise invalid_cloud(f"The PLY file has {element.count} {element.name!r} before its points: put these last.")
    if header.format == "ascii":
        return _read_ascii(data, header, before, vertex, fields)
    return _read_binary(data, header, before, vertex, fields)


def _read_ascii(
    data: Data, header: PlyHeader, before: list[PlyElement], vertex: PlyElement, fields: CloudFields
) -> RawCloud:
    stream = stream_of(data)
    stream.seek(header.body)
    for element in before:
        skip_ascii_rows(stream, element.count)
    rows = read_ascii_rows(stream, vertex.count, len(vertex.properties), fields.used())
    return RawCloud(xyz=rows[:, :3], intensity=None if fields.intensity is None else rows[:, 3])


def _read_binary(
    data: Data, header: PlyHeader, before: list[PlyElement], vertex: PlyElement, fields: CloudFields
) -> RawCloud:
    start = header.body
    for element in before:
        start = _end_of(element, data, start)
    row_bytes = sum(p.dtype.itemsize for p in vertex.properties)
    claimed, present = vertex.count * row_bytes, max(0, len(data) - start)
    if claimed > present:
        raise truncated_cloud(f"{vertex.count} points ({claimed} bytes)", f"{present} bytes of points")
    offsets = list(itertools.accumulate((p.dtype.itemsize for p in vertex.properties), initial=start))
    columns = [
        strided_column(data, offsets[i], row_bytes, vertex.properties[i].dtype, vertex.count) for i in fields.used()
    ]
    return RawCloud.from_columns(*columns)


def _end_of(element: PlyElement, data: Data, start: int) -> int:
    """Return where the rows of a binary element end; beyond the data where they are cut."""
    if not element.num_lists:
        return start + element.count * sum(p.dtype.itemsize for p in element.properties)
    position = start
    for p in itertools.chain.from_iterable(itertools.repeat(element.properties, element.count)):
        if p.count_dtype is None:
            position += p.dtype.itemsize
            continue
        first_item = position + p.count_dtype.itemsize
        if first_item > len(data):
            return first_item
        length = int(np.frombuffer(data, p.count_dtype, 1, position)[0])
        if length < 0:
            raise invalid_cloud(f"A list of the PLY element {element.name!r} has a negative length.")
        position = first_item + length * p.dtype.itemsize
    return position
