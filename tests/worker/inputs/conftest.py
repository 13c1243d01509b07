"""Files of every format, made byte by byte without the readers under test."""

import io
import struct
import zlib
from collections.abc import Callable

import laspy
import numpy as np
import pytest
from PIL import Image

POINTS = [(1.5, -2.25, 0.5, 0.25), (10.0, 20.0, -30.0, 0.5), (-0.125, 4.0, 8.0, 1.0)]


@pytest.fixture(scope="session")
def points() -> np.ndarray:
    """Return the (3, 4) x, y, z, intensity that all hand-made clouds hold, exact in float32 and in text."""
    return np.array(POINTS)


@pytest.fixture(scope="session")
def make_png() -> Callable[..., bytes]:
    """Return a writer of PNG files of any bit depth and colour type."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def make(width: int, height: int, bit_depth: int, colour_type: int, rows: bytes, *, end: bool = True) -> bytes:
        header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
        palette = chunk(b"PLTE", bytes(range(48))) if colour_type == 3 else b""
        body = chunk(b"IHDR", header) + palette + chunk(b"IDAT", zlib.compress(rows))
        return b"\x89PNG\r\n\x1a\n" + body + (chunk(b"IEND", b"") if end else b"")

    return make


@pytest.fixture(scope="session")
def lzf_compress() -> Callable[[bytes], bytes]:
    """Return a small greedy LZF compressor: a hash of the last place of every three bytes."""

    def literals(run: bytes) -> bytes:
        return b"".join(bytes([len(part) - 1]) + part for part in (run[i : i + 32] for i in range(0, len(run), 32)))

    def compress(data: bytes) -> bytes:
        out, run, last_seen, i = bytearray(), bytearray(), {}, 0
        while i < len(data):
            start = last_seen.get(data[i : i + 3]) if i + 3 <= len(data) else None
            last_seen[data[i : i + 3]] = i
            if start is None or i - start > 8192:
                run.append(data[i])
                i += 1
                continue
            length = 3
            while length < 264 and i + length < len(data) and data[start + length] == data[i + length]:
                length += 1
            out += literals(bytes(run))
            run.clear()
            distance, code = i - start - 1, length - 2
            head = [code << 5 | distance >> 8] if code < 7 else [7 << 5 | distance >> 8, code - 7]
            out += bytes([*head, distance & 255])
            i += length
        return bytes(out + literals(bytes(run)))

    return compress


@pytest.fixture(scope="session")
def make_pcd(lzf_compress: Callable[[bytes], bytes]) -> Callable[..., bytes]:
    """Return a writer of PCD files with fields in the order y, ring, x, intensity, normal (count 2), z."""
    layout = "<fHffddd"  # y, ring, x, intensity, normal[0], normal[1], z

    def rows() -> list[tuple[float, ...]]:
        return [(y, ring, x, intensity, 7.0, 8.0, z) for ring, (x, y, z, intensity) in enumerate(POINTS)]

    def make(encoding: str, newline: str = "\n", num_claimed: int = len(POINTS), intensity: str = "intensity") -> bytes:
        header = [
            "# .PCD v0.7 - Point Cloud Data file format",
            "VERSION 0.7",
            f"FIELDS y ring x {intensity} normal z",
            "SIZE 4 2 4 4 8 8",
            "TYPE F U F F F F",
            "COUNT 1 1 1 1 2 1",
            f"WIDTH {num_claimed}",
            "# a remark in the middle",
            "HEIGHT 1",
            "VIEWPOINT 1 2 3 0 1 0 0",
            f"POINTS {num_claimed}",
            f"DATA {encoding}",
        ]
        head = "".join(line + newline for line in header).encode()
        if encoding == "ascii":
            return head + "".join(" ".join(map(str, row)) + newline for row in rows()).encode()
        if encoding == "binary":
            return head + b"".join(struct.pack(layout, *row) for row in rows())
        columns = list(zip(*rows(), strict=True))
        normals = [value for row in rows() for value in row[4:6]]
        fields = [("f", columns[0]), ("H", columns[1]), ("f", columns[2]), ("f", columns[3])]
        fields += [("d", normals), ("d", columns[6])]
        block = b"".join(struct.pack(f"<{len(values)}{code}", *values) for code, values in fields)
        packed = lzf_compress(block)
        return head + struct.pack("<II", len(packed), len(block)) + packed

    return make


@pytest.fixture(scope="session")
def make_ply() -> Callable[..., bytes]:
    """Return a writer of PLY files with a list element before and a scalar element after the points."""

    def make(ply_format: str, newline: str = "\n", num_claimed: int = len(POINTS)) -> bytes:
        header = [
            "ply",
            f"format {ply_format} 1.0",
            "comment made by hand",
            "element face 2",
            "property list uchar int vertex_indices",
            "property uchar flag",
            f"element vertex {num_claimed}",
            "property double z",
            "property uchar red",
            "property float x",
            "property float Y",
            "property float scalar_Intensity",
            "element camera 1",
            "property float view",
            "end_header",
        ]
        head = "".join(line + newline for line in header).encode()
        faces = [([0, 1, 2], 9), ([], 5)]
        vertices = [(z, 200, x, y, intensity) for x, y, z, intensity in POINTS]
        if ply_format == "ascii":
            lines = [" ".join(map(str, [len(indices), *indices, flag])) for indices, flag in faces]
            lines += [" ".join(map(str, vertex)) for vertex in vertices] + ["0.5"]
            return head + "".join(line + newline for line in lines).encode()
        order = "<" if ply_format == "binary_little_endian" else ">"
        body = b"".join(struct.pack(f"{order}B{len(ix)}iB", len(ix), *ix, flag) for ix, flag in faces)
        body += b"".join(struct.pack(f"{order}dBfff", *vertex) for vertex in vertices)
        return head + body + struct.pack(f"{order}f", 0.5)

    return make


@pytest.fixture(scope="session")
def make_npy() -> Callable[[np.ndarray], bytes]:
    """Return a writer of `.npy` files."""

    def make(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=allow_pickle)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def kitti_bin() -> bytes:
    """Return the hand-made cloud as KITTI rows."""
    return b"".join(struct.pack("<4f", *point) for point in POINTS)


@pytest.fixture(scope="session")
def valid_clouds(make_pcd, make_ply, make_npy, kitti_bin) -> dict[str, bytes]:
    """Return the same three points in every format, by file name."""
    clouds = {"cloud.bin": kitti_bin, "cloud.npy": make_npy(np.array(POINTS, dtype=np.float32))}
    clouds["cloud.csv"] = b"".join(b"%r,%r,%r,%r\r\n" % point for point in POINTS)
    clouds["sweep.pcd.bin"] = b"".join(struct.pack("<5f", *point, 7) for point in POINTS)
    clouds |= {f"{encoding}.pcd": make_pcd(encoding) for encoding in ("ascii", "binary", "binary_compressed")}
    formats = ("ascii", "binary_little_endian", "binary_big_endian")
    return clouds | {f"{ply_format}.ply": make_ply(ply_format) for ply_format in formats}


@pytest.fixture(scope="session")
def make_las() -> Callable[..., bytes]:
    """Return a writer of LAS and LAZ files, which hold whole numbers as intensities, by laspy."""

    def make(points: np.ndarray, *, compressed: bool, point_format: int = 1, version: str = "1.4") -> bytes:
        header = laspy.LasHeader(point_format=point_format, version=version)
        header.scales, header.offsets = [0.0625, 0.125, 0.0625], [100.0, -50.0, 0.0]
        header.add_extra_dim(laspy.ExtraBytesParams("ring", "uint16"))
        las = laspy.LasData(header)
        las.x, las.y, las.z, las.intensity = points.T
        las.ring = np.arange(len(points))
        stream = io.BytesIO()
        las.write(stream, do_compress=compressed, laz_backend=laspy.LazBackend.Lazrs)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def valid_las(make_las) -> dict[str, bytes]:
    """Return three points as LAS and LAZ of an old and of a layered point format, by file name."""
    points = np.array(POINTS) * [1, 1, 1, 100]
    return {
        f"format{point_format}.{'laz' if compressed else 'las'}": make_las(
            points, compressed=compressed, point_format=point_format
        )
        for point_format in (1, 7)
        for compressed in (False, True)
    }


@pytest.fixture(scope="session")
def valid_images() -> dict[str, bytes]:
    """Return a small image as PNG and JPEG, by file name."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 17, 3), dtype=np.uint8)
    images = {}
    for kind in ("PNG", "JPEG"):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, kind)
        images[f"image.{kind.lower()}"] = stream.getvalue()
    return images
