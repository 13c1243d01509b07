"""Clients that come slowly are cut off, those that are merely slow to begin with are not."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

POST = b"POST /calibrate HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Raw:
    """A connection that sends what and when the test says."""

    def __init__(self, connection: socket.socket) -> None:
        self.send: Callable[[bytes], None] = connection.sendall
        self._connection = connection

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Return status and body of the one answer before the server closes."""
        received = self.until_closed()
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def until_closed(self) -> bytes:
        """Return all that comes until the server closes the connection."""
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := self._connection.recv(65536):
                received += chunk
        return received

    def head(self) -> bytes:
        """Return what came first."""
        return self._connection.recv(65536)

    def drip(self, data: Iterable[bytes]) -> bytes:
        """Send a little at a time, until the server says something; return that."""
        self._connection.settimeout(0.1)
        for each in data:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send(each)
            with contextlib.suppress(TimeoutError):
                return self.head()
        return b""


@pytest.fixture
def connect() -> Iterator[Callable[[Any], Raw]]:
    """Return a function that connects to an API; each wait for it is bounded by 30 s."""
    with contextlib.ExitStack() as stack:
        yield lambda api: Raw(stack.enter_context(socket.create_connection(api.address, timeout=30)))


def test_headers_that_do_not_come_are_not_waited_for(make_api: Any, connect: Any) -> None:
    """Begun or not: the connection is closed, and a client that had begun is told why."""
    api = make_api(header_timeout_s=0.5)
    silent, slow = connect(api), connect(api)
    slow.send(POST)
    status, problem = slow.answer()
    assert (status, problem["type"]) == (408, "request-too-slow")
    assert silent.until_closed() == b""


def test_headers_that_come_drop_by_drop_are_cut_off(make_api: Any, connect: Any) -> None:
    """A byte now and then keeps no connection open."""
    answer = connect(make_api(header_timeout_s=0.5)).drip(bytes([byte]) for byte in POST + b"X-Long: " + b"x" * 1000)
    assert b" 408 " in answer


def test_the_second_request_of_a_connection_is_timed_too(make_api: Any, connect: Any) -> None:
    """The first was answered in good time."""
    connection = connect(make_api(header_timeout_s=2.0))
    connection.send(GET)
    assert b"200 OK" in connection.head()
    connection.send(GET[:20])
    assert connection.answer()[0] == 408


def test_a_body_that_stops_is_cut_off(make_api: Any, connect: Any) -> None:
    """With 408, and nothing of it stays."""
    api = make_api(body_grace_s=0.5)
    connection = connect(api)
    connection.send(POST + b"Content-Length: 1000000\r\n\r\n--x\r\n")
    status, problem = connection.answer()
    assert (status, problem["type"]) == (408, "request-too-slow")
    assert api.stored() == []


def test_a_body_below_the_slowest_rate_is_cut_off(make_api: Any, connect: Any) -> None:
    """However regularly it comes."""
    api = make_api(body_grace_s=1.0, min_body_bytes_per_s=10**9)
    connection = connect(api)
    connection.send(POST + b"Content-Length: 1000000\r\n\r\n--x\r\n")
    assert b" 408 " in connection.drip(b"0" for _ in range(1000))


def test_a_body_above_the_slowest_rate_may_take_longer_than_the_grace(make_api: Any, make_job: Any) -> None:
    """Its bytes earn it time; the pauses of the client together are longer than the grace."""
    api = make_api(body_grace_s=3.0, min_body_bytes_per_s=1)
    request = api.http.build_request("POST", "/calibrate", files=make_job().parts)
    body = request.read()

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(body), len(body) // 6 + 1):
            time.sleep(0.7)
            yield body[start : start + len(body) // 6 + 1]

    headers = {"Content-Type": request.headers["Content-Type"]}
    assert api.http.post("/calibrate", content=in_pieces(), headers=headers).status_code == 202


def test_headers_are_bounded_in_memory(make_api: Any, connect: Any) -> None:
    """More than 64 KiB are refused while they come."""
    connection = connect(make_api())
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for number in range(100):
            connection.send((GET[:-2] if not number else b"") + b"X-%d: " % number + b"x" * 8000 + b"\r\n")
    status, problem = connection.answer()
    assert (status, problem["type"]) == (431, "headers-too-large")


def test_what_is_no_http_is_a_problem_too(make_api: Any, connect: Any) -> None:
    """Not plain text."""
    connection = connect(make_api())
    connection.send(b"HELLO\r\n\r\n")
    status, problem = connection.answer()
    assert (status, problem["type"]) == (400, "malformed-request")


def test_a_refused_body_is_not_received_for_ever(make_api: Any, connect: Any) -> None:
    """The answer comes before the body has ended, and the connection is closed soon after it."""
    connection = connect(make_api("ann"))
    connection.send(POST + b"Content-Length: 100000000\r\n\r\n--x\r\n")
    status, problem = connection.answer()
    assert (status, problem["type"]) == (401, "unauthorized")


def test_a_client_in_the_midst_of_its_upload_hears_why_it_was_refused(make_api: Any, make_job: Any) -> None:
    """Ten megabytes are on their way when the answer is clear."""
    upload = make_job()
    upload.more = [("image_labels", ("labels.png", bytes(10 * 2**20)))]
    response = make_api("ann").post(upload)
    assert (response.status_code, response.json()["type"]) == (401, "unauthorized")
