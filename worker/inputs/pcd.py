"""PCD files of the Point Cloud Library: ascii, binary and binary_compressed."""

import itertools
import struct

from worker.inputs.ascii_rows import read_ascii_rows
from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.lzf import MAX_EXPANSION, LzfError, lzf_decompress
from worker.inputs.pcd_header import PcdHeader
from worker.inputs.raw_cloud import (
    CloudFields,
    RawCloud,
    check_point_count,
    invalid_cloud,
    strided_column,
    truncated_cloud,
)
from worker.inputs.source import Data, stream_of


def read_pcd(data: Data, limits: InputLimits) -> RawCloud:
    """Read x, y, z and, where there is one, the intensity; other fields are passed over.

    Raises:
        InputError: for every file that is no whole, sensible PCD file.
    """
    header = PcdHeader.parse(data)
    fields = CloudFields.among([field.name for field in header.fields])
    check_point_count(header.num_points, limits)
    if header.encoding == "ascii":
        return _read_ascii(data, header, fields)
    if header.encoding == "binary":
        return _read_binary(data, header, fields)
    return _read_compressed(data, header, fields, limits)


def _read_ascii(data: Data, header: PcdHeader, fields: CloudFields) -> RawCloud:
    counts = [field.count for field in header.fields]
    first_columns = list(itertools.accumulate(counts, initial=0))
    for field in fields.used():
        header.fields[field].dtype()
    stream = stream_of(data)
    stream.seek(header.body)
    columns = [first_columns[field] for field in fields.used()]
    rows = read_ascii_rows(stream, header.num_points, sum(counts), columns)
    return RawCloud(xyz=rows[:, :3], intensity=None if fields.intensity is None else rows[:, 3])


def _read_binary(data: Data, header: PcdHeader, fields: CloudFields) -> RawCloud:
    """Read points one after the other, each with its fields side by side."""
    claimed, present = header.num_points * header.point_bytes, len(data) - header.body
    if claimed > present:
        raise truncated_cloud(f"{header.num_points} points ({claimed} bytes)", f"{present} bytes of points")
    offsets = list(itertools.accumulate((field.num_bytes for field in header.fields), initial=header.body))
    columns = [
        strided_column(data, offsets[i], header.point_bytes, header.fields[i].dtype(), header.num_points)
        for i in fields.used()
    ]
    return RawCloud.from_columns(*columns)


def _read_compressed(data: Data, header: PcdHeader, fields: CloudFields, limits: InputLimits) -> RawCloud:
    """Read fields one after the other, each with all its points, packed by LZF."""
    unpacked = _unpack(data, header, limits)
    sizes = (field.num_bytes * header.num_points for field in header.fields)
    offsets = list(itertools.accumulate(sizes, initial=0))
    columns = [
        strided_column(unpacked, offsets[i], header.fields[i].size, header.fields[i].dtype(), header.num_points)
        for i in fields.used()
    ]
    return RawCloud.from_columns(*columns)


def _unpack(data: Data, header: PcdHeader, limits: InputLimits) -> bytearray:
    claimed = header.num_points * header.point_bytes
    start = header.body + 8
    if len(data) < start:
        raise truncated_cloud("compressed points", "none")
    num_packed, num_unpacked = struct.unpack_from("<II", data, header.body)
    if num_unpacked != claimed:
        raise invalid_cloud(
            f"The PCD header promises {header.num_points} points ({claimed} bytes), its compressed block "
            f"{num_unpacked} bytes: one of the two is wrong; export the cloud again."
        )
    if num_packed > len(data) - start:
        raise truncated_cloud(f"{num_packed} compressed bytes", f"{len(data) - start}")
    if claimed > limits.max_unpacked_bytes:
        raise InputError(
            "file-too-large",
            f"The points unpack to more than {limits.max_unpacked_bytes / 2**20:g} MiB: leave out extra fields.",
        )
    if claimed > num_packed * MAX_EXPANSION:
        raise invalid_cloud(f"{num_packed} compressed bytes cannot hold {header.num_points} points: export it again.")
    try:
        return lzf_decompress(data[start : start + num_packed], claimed)
    except LzfError as error:
        raise invalid_cloud(f"The compressed points of the PCD file are damaged ({error}): export it again.") from error
