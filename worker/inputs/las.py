"""LAS files of the ASPRS, versions 1.0 to 1.4, and LAZ, their compressed form.

Points of every format start alike: three scaled whole numbers, then the intensity. LAZ is unpacked by lazrs (MIT).
"""

import struct
from dataclasses import dataclass
from typing import Self

import lazrs
import numpy as np
import numpy.typing as npt

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.raw_cloud import RawCloud, check_point_count, invalid_cloud, strided_column, truncated_cloud
from worker.inputs.source import Data, stream_of

_COMPRESSED = 0x80
_LAST_POINT_FORMAT = 10
_RECORD_HEADER_BYTES = 54
_LASZIP_RECORD = (b"laszip encoded", 22204)
# After the first point of a chunk, formats from 6 on pack so many layers: nine of the base format, then colours, near
# infrared and waveforms, then one for each extra byte.
_BASE_LAYERS, _BASE_BYTES = 9, 30
_MORE_LAYERS, _MORE_BYTES = {7: 1, 8: 2, 9: 1, 10: 3}, {7: 6, 8: 8, 9: 29, 10: 37}
# x, y, z and intensity of every point format.
_LEAST_POINT_BYTES = 14
_UNIT_BYTES = 4


@dataclass(frozen=True)
class LasHeader:
    """What a LAS file says about itself.

    Attributes:
        num_points: claimed, not yet checked against the bytes.
        point_format: 0 to 10.
        point_bytes: bytes of one point.
        body: where the points start, bytes.
        scales: metres of one unit along x, y and z.
        offsets: metres added along x, y and z.
        laszip: what unpacking needs to know, or None where the points are not compressed.
    """

    num_points: int
    point_format: int
    point_bytes: int
    body: int
    scales: tuple[float, float, float]
    offsets: tuple[float, float, float]
    laszip: bytes | None

    @classmethod
    def parse(cls, data: Data) -> Self:
        """Read the header at the start of a file.

        Raises:
            InputError: `invalid-point-cloud` or `truncated-point-cloud`.
        """
        if data[:4] != b"LASF":
            raise invalid_cloud("The file does not begin with LASF: is this a LAS or LAZ file?")
        if len(data) < 227 or (data[25] >= 4 and len(data) < 375):
            raise truncated_cloud("a LAS header", f"{len(data)} bytes")
        header_bytes, body, num_records, point_format, point_bytes, num_points = struct.unpack_from("<HIIBHI", data, 94)
        if data[25] >= 4:
            (num_points,) = struct.unpack_from("<Q", data, 247)
        compressed, point_format = bool(point_format & _COMPRESSED), point_format & 0x3F
        if point_format > _LAST_POINT_FORMAT or point_bytes < _LEAST_POINT_BYTES:
            raise invalid_cloud(f"The LAS file has points of the unknown format {point_format}: save format 0 to 10.")
        x, y, z, *offsets = struct.unpack_from("<6d", data, 131)
        return cls(
            num_points=num_points,
            point_format=point_format,
            point_bytes=point_bytes,
            body=body,
            scales=(x, y, z),
            offsets=(offsets[0], offsets[1], offsets[2]),
            laszip=_laszip_record(data, header_bytes, num_records) if compressed else None,
        )


def read_las(data: Data, limits: InputLimits) -> RawCloud:
    """Read x, y, z and intensity, metres; everything else is passed over.

    Raises:
        InputError: for every file that is no whole, sensible LAS or LAZ file.
    """
    header = LasHeader.parse(data)
    check_point_count(header.num_points, limits)
    claimed, present = header.num_points * header.point_bytes, len(data) - header.body
    points: Data | bytearray = data
    if header.laszip is not None:
        points, start = _unpack(data, header, header.laszip, limits), 0
    elif claimed > present:
        raise truncated_cloud(f"{header.num_points} points ({claimed} bytes)", f"{max(0, present)} bytes of points")
    else:
        start = header.body
    units = np.ndarray(
        (header.num_points, 3), "<i4", buffer=points, offset=start, strides=(header.point_bytes, _UNIT_BYTES)
    )
    intensity = strided_column(points, start + 3 * _UNIT_BYTES, header.point_bytes, np.dtype("<u2"), header.num_points)
    return RawCloud(_ScaledRows(units, header.scales, header.offsets), intensity)


@dataclass(frozen=True, eq=False)
class _ScaledRows:
    """Whole numbers (M, 3) that become metres where they are looked at: all at once, they are twice as large."""

    units: npt.NDArray[np.int32]
    scales: tuple[float, float, float]
    offsets: tuple[float, float, float]

    def __len__(self) -> int:
        return len(self.units)

    def __getitem__(self, rows: slice, /) -> npt.NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return self.units[rows] * np.array(self.scales) + np.array(self.offsets)


def _laszip_record(data: Data, position: int, num_records: int) -> bytes:
    """Return the content of the variable-length record that describes the compression."""
    for _ in range(num_records):
        if position + _RECORD_HEADER_BYTES > len(data):
            break
        user, record, length = struct.unpack_from("<16sHH", data, position + 2)
        position += _RECORD_HEADER_BYTES
        if (user.split(b"\0")[0], record) == _LASZIP_RECORD:
            return data[position : position + length]
        position += length
    raise invalid_cloud("The LAZ file does not say how it is compressed (no laszip record): export it again.")


def _check_chunk_table(data: Data, header: LasHeader) -> None:
    """Refuse a table of more chunks than there are points: room is made for all it claims."""
    try:
        (table,) = struct.unpack_from("<q", data, header.body)
        if table == -1:
            (table,) = struct.unpack_from("<q", data, len(data) - 8)
        (num_chunks,) = struct.unpack_from("<I", data, max(0, table) + 4)
    except struct.error as error:
        raise truncated_cloud("compressed points", f"{len(data)} bytes") from error
    if num_chunks > header.num_points:
        raise invalid_cloud(f"The LAZ file claims {num_chunks} chunks for {header.num_points} points: export it again.")


def _check_layers(data: Data, header: LasHeader) -> None:
    """Refuse chunks whose layers reach beyond the file, for the same reason."""
    more = _MORE_BYTES.get(header.point_format, 0)
    layers = _BASE_LAYERS + _MORE_LAYERS.get(header.point_format, 0) + max(0, header.point_bytes - _BASE_BYTES - more)
    position, remaining = header.body + 8, header.num_points
    while remaining > 0:
        position += header.point_bytes
        if position + 4 + 4 * layers > len(data):
            raise truncated_cloud(f"{header.num_points} compressed points", f"{len(data)} bytes")
        num_points, *sizes = struct.unpack_from(f"<{1 + layers}I", data, position)
        position += 4 + 4 * layers + sum(sizes)
        if position > len(data) or num_points == 0:
            raise truncated_cloud(f"{header.num_points} compressed points", f"{len(data)} bytes")
        remaining -= num_points


def _unpack(data: Data, header: LasHeader, laszip: bytes, limits: InputLimits) -> bytearray:
    claimed = header.num_points * header.point_bytes
    if claimed > limits.max_bytes:
        raise InputError(
            "file-too-large",
            f"The points unpack to more than {limits.max_bytes / 2**20:g} MiB: leave out extra fields.",
        )
    _check_chunk_table(data, header)
    if header.point_format >= 6:
        _check_layers(data, header)
    points = bytearray(claimed)
    try:
        item_bytes = lazrs.LazVlr(laszip).item_size()
        if item_bytes == header.point_bytes:
            stream = stream_of(data)
            stream.seek(header.body)
            lazrs.LasZipDecompressor(stream, laszip, None).decompress_many(points)
            return points
    except BaseException as error:
        # A panic of the library arrives as a class of its own, beside Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise invalid_cloud(f"The compressed points of the LAZ file are damaged ({error}): export it again.") from error
    raise invalid_cloud(
        f"The LAZ file has points of {header.point_bytes} bytes, and packs {item_bytes}: export it again."
    )
