"""Every bad input has its own 4xx, says what to change, and leaves nothing behind."""

import http.client
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

PCD_HEADER = (
    "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\n"
    "WIDTH {points}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA binary\n"
)


def _pcd(claimed: int, held: int) -> bytes:
    return PCD_HEADER.format(points=claimed).encode() + np.ones((held, 4), "<f4").tobytes()


def _png_header(width: int, height: int) -> bytes:
    """Return the first bytes of a PNG of that size: a bomb, if a reader believed in pixels before it counts them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def _label_image(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def _image(data: bytes) -> Callable[[Any], None]:
    return lambda upload: setattr(upload, "images", [("image.png", data)])


def _cloud(name: str, data: bytes) -> Callable[[Any], None]:
    return lambda upload: setattr(upload, "clouds", [(name, data)])


def _request(*path: str, value: Any) -> Callable[[Any], None]:
    def change(upload: Any) -> None:
        target = upload.request
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value

    return change


def _more(name: str, file: tuple[Any, Any], **request: Any) -> Callable[[Any], None]:
    def change(upload: Any) -> None:
        upload.more = [(name, file)]
        upload.request.update(request)

    return change


FLAT = [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
LABELLED = {"image_model": None, "image_label_map": {"0": "road"}}
POINT_LABELLED = {"cloud_model": None, "point_label_map": {"0": "road"}}
EMPTY = Image.new("RGB", (1, 1))

CASES = {
    "not an image": (_image(b"plain text"), 415, "unsupported-image-format"),
    "100-megapixel image": (_image(_png_header(10_000, 10_000)), 413, "image-too-large"),
    "truncated PCD": (_cloud("cloud.pcd", _pcd(10, 10)[:-5]), 422, "truncated-point-cloud"),
    "PCD claiming 4e9 points": (_cloud("cloud.pcd", _pcd(4_000_000_000, 1)), 413, "too-many-points"),
    "PCD claiming more points than bytes": (_cloud("cloud.pcd", _pcd(1000, 10)), 422, "truncated-point-cloud"),
    "no finite point": (_cloud("c.bin", np.full((5, 4), np.nan, "<f4").tobytes()), 422, "no-finite-point"),
    "empty cloud": (_cloud("cloud.bin", b""), 422, "empty-point-cloud"),
    "half a row": (_cloud("cloud.bin", b"0" * 17), 422, "invalid-point-cloud"),
    "cloud of unknown kind": (_cloud("cloud.e57", b"ASTM-E57"), 415, "unsupported-point-cloud-format"),
    "label image of the wrong size": (
        _more("image_labels", ("labels.png", _label_image(9, 9)), **LABELLED),
        422,
        "label-image-size",
    ),
    "one point label too few": (
        _more("point_labels", ("cloud.label", bytes(9 * 4)), **POINT_LABELLED),
        422,
        "point-label-count",
    ),
    "labels without a map": (
        _more("image_labels", ("labels.png", _label_image(64, 32)), image_model=None),
        422,
        "missing-label-map",
    ),
    "non-rigid extrinsic": (_request("initial", "T_cam_lidar", value=FLAT), 422, "non-rigid-extrinsic"),
    "focal length 0": (_request("camera", "K", value=[[0, 0, 1], [0, 1, 1], [0, 0, 1]]), 422, "invalid-camera"),
    "distortion": (_request("camera", "distortion", value=[0.1]), 422, "unsupported-distortion"),
    "unknown field": (_request("camera", "colour", value="red"), 422, "unknown-field"),
    "a tracked calibration": (
        _request("options", value={"tracking": True}),
        422,
        "tracking-without-evaluation",
    ),
    "missing field": (lambda upload: upload.request.pop("camera"), 422, "missing-field"),
    "no JSON": (lambda upload: setattr(upload, "request", "{"), 400, "invalid-json"),
    "missing image": (lambda upload: upload.images.clear(), 422, "missing-part"),
    "missing cloud": (lambda upload: upload.clouds.clear(), 422, "missing-part"),
    "unknown part": (_more("mask", ("mask.png", b"")), 422, "unknown-part"),
    "more images than clouds": (lambda upload: upload.images.append(upload.images[0]), 422, "part-count"),
    "two requests": (_more("request", (None, "{}")), 422, "part-count"),
    "label parts for some frames only": (
        lambda upload: (
            upload.images.append(upload.images[0]),
            upload.clouds.append(upload.clouds[0]),
            _more("point_labels", ("cloud.label", bytes(40)), **POINT_LABELLED)(upload),
        ),
        422,
        "part-count",
    ),
    "too many frames": (
        lambda upload: (
            setattr(upload, "images", upload.images * 4),
            setattr(upload, "clouds", upload.clouds * 4),
        ),
        422,
        "too-many-frames",
    ),
    "images of two sizes": (
        lambda upload: (
            upload.images.append(("image.png", _label_image(9, 9))),
            upload.clouds.append(upload.clouds[0]),
        ),
        422,
        "image-sizes-differ",
    ),
    "image as a text field": (
        lambda upload: (upload.images.clear(), _more("image", (None, "text"))(upload)),
        422,
        "part-not-a-file",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_its_own_type(name: str, stack: Any, make_job: Any) -> None:
    """A problem with status, type and a sentence; storage is as it was."""
    spoil, status, kind = CASES[name]
    upload = make_job()
    spoil(upload)
    before = stack.blobs()
    response = stack.http.post("/calibrate", files=upload.parts)
    _assert_problem(response, status, kind)
    assert response.json()["detail"].endswith(".")
    assert stack.blobs() == before


def test_the_part_and_frame_at_fault_are_named(stack: Any, make_job: Any) -> None:
    """Of two images, the second is the one to look at."""
    upload = make_job()
    upload.images.append(("image.png", b"plain text"))
    upload.clouds *= 2
    problem = stack.http.post("/calibrate", files=upload.parts).json()
    assert (problem["part"], problem["frame"]) == ("image", 1)


def test_a_body_of_another_type_is_refused(stack: Any, make_job: Any) -> None:
    """JSON alone cannot carry an image."""
    _assert_problem(stack.http.post("/calibrate", json=make_job().request), 415, "not-multipart")


@pytest.mark.parametrize("boundary", ["x", "x" * 3000], ids=["another one", "too long"])
def test_a_broken_multipart_body_is_refused(stack: Any, boundary: str) -> None:
    """Without its boundary nothing can be told apart."""
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    response = stack.http.post("/calibrate", content=b"--y\r\nno", headers=headers)
    _assert_problem(response, 400, "malformed-multipart")


def test_a_body_that_says_it_is_too_large_is_refused_unread(stack: Any) -> None:
    """A 4-gigabyte image costs nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=5)
    connection.putrequest("POST", "/calibrate")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(4 * 2**30))
    connection.endheaders()
    answer = connection.getresponse()
    response = httpx.Response(answer.status, headers=dict(answer.getheaders()), content=answer.read())
    connection.close()
    _assert_problem(response, 413, "body-too-large")
    assert f"which is {stack.settings.max_upload_bytes / 2**20:.4g} MiB: send" in response.json()["detail"]


def test_a_body_that_turns_out_too_large_is_refused_on_the_way(stack: Any) -> None:
    """Without a Content-Length it is counted while it comes."""

    def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="i.png"\r\n\r\n'
        for _ in range(16):
            yield b"0" * 2**20

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    before = stack.blobs()
    response = stack.http.post("/calibrate", content=endless(), headers=headers)
    _assert_problem(response, 413, "body-too-large")
    assert stack.blobs() == before


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/calibrate", 405, "method-not-allowed"),
        ("GET", "/jobs/0123456789abcdef0123456789abcdef", 404, "unknown-job"),
        ("GET", "/jobs/..%2F..%2Fetc", 404, "not-found"),
        ("GET", "/jobs/ABC", 404, "unknown-job"),
        ("DELETE", "/jobs/0123456789abcdef0123456789abcdef", 404, "unknown-job"),
        ("GET", "/jobs?limit=0", 422, "invalid-parameter"),
    ],
)
def test_wrong_addresses_are_problems_too(stack: Any, method: str, path: str, status: int, kind: str) -> None:
    """Also what no endpoint sees."""
    _assert_problem(stack.http.request(method, path), status, kind)


def _assert_problem(response: httpx.Response, status: int, kind: str) -> None:
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert (response.status_code, problem["status"], problem["type"]) == (status, status, kind)
    assert problem["title"]
