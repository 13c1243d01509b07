"""Which addresses a server without API keys may be reached at: this machine's own, unless the operator allows more."""

import functools
import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.problems import LoopbackOnly
from service.problems.answer import answer_with
from worker.settings import Settings


def needs_loopback(settings: Settings) -> bool:
    """Return whether this server may answer its own machine only."""
    return settings.keys_file is None and not settings.allow_anonymous


def is_loopback_host(host: str) -> bool:
    """Return whether a host name or address leads to this machine only."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(_is_loopback(str(address[0])) for *_, address in found)


class LoopbackGuard:
    """ASGI middleware: it refuses what came over another interface, whichever program serves the application.

    It also refuses names that are not this machine's: a page in a browser here may have its own name lead to us, and
    would then read what no other site may.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it came from this machine."""
        if scope["type"] == "http" and not (_came_over_loopback(scope) and _names_this_machine(scope)):
            await answer_with(LoopbackOnly(), Request(scope), receive, send)
            return
        await self._app(scope, receive, send)


def _came_over_loopback(scope: Scope) -> bool:
    host, port = scope.get("server") or ("", None)
    return port is None or _is_loopback(host)  # without a port it is a unix socket


def _names_this_machine(scope: Scope) -> bool:
    host = Headers(scope=scope).get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return not host or name == "localhost" or _is_loopback(name)


# Every request asks twice, mostly for the same; whoever names others must not fill the memory.
@functools.lru_cache(maxsize=64)
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
