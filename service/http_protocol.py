"""The HTTP/1.1 protocol of the server, with an end to its patience and its memory.

uvicorn waits for headers without end, takes any number of them, and goes on to receive the rest of a body after it was
refused. What it answers by itself is plain text; here it is a problem like all others.
"""

import asyncio
import json
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.problems import HeadersTooLarge, MalformedRequest, Refusal, RequestTooSlow

_MAX_HEADER_BYTES: Final = 64 * 2**10
# A caller whose request was answered before it was sent to its end may go on so long, and finds the answer then.
_LINGER_S: Final = 3.0


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Subclasses made by `guarded_protocol` set the seconds that headers may take."""

    header_timeout_s = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = False
        self._is_whole = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._set_timer(self.header_timeout_s, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._in_headers:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._in_headers and self._header_bytes > _MAX_HEADER_BYTES:
            self._refuse(HeadersTooLarge())

    def on_message_begin(self) -> None:
        """Begin a request: its headers have to come in time."""
        super().on_message_begin()
        self._header_bytes, self._in_headers, self._is_whole = 0, True, False
        self._set_timer(self.header_timeout_s, lambda: self._refuse(RequestTooSlow()))

    def on_headers_complete(self) -> None:
        """Hand the request to the application, which watches over its body."""
        self._stop_timer()
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that all of the request is here."""
        self._is_whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Let a refused body go on for a moment only."""
        super().on_response_complete()
        if not self._is_whole and not self.transport.is_closing():
            self._set_timer(_LINGER_S, self._close_unless_whole)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(MalformedRequest())

    def _close_unless_whole(self) -> None:
        if not self._is_whole:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request that the application never sees, and close the connection."""
        if self.transport.is_closing():
            return
        body = json.dumps(refusal.marshal()).encode()
        headers = f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[refusal.status] + headers.encode() + body)
        self.transport.close()

    def _set_timer(self, seconds: float, then: Any) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def guarded_protocol(header_timeout_s: float) -> type[GuardedProtocol]:
    """Return the protocol with the seconds that headers may take."""
    return type("GuardedProtocol", (GuardedProtocol,), {"header_timeout_s": header_timeout_s})
