"""Refusing bodies that are too large, before and while they arrive."""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import BodyTooLarge
from service.problems.answer import answer_with


class BodyLimit:
    """ASGI middleware: a body that says it is too large is refused unread, one that turns out to be while it comes.

    FastAPI's own limit answers the first kind in plain text.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            await answer_with(self._refusal(), Request(scope), receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._refusal()
            return message

        return receive_within_limit

    def _refusal(self) -> BodyTooLarge:
        limit = f"{self._max_bytes / 2**20:.4g} MiB"
        sentence = f"The body is larger than this server takes, which is {limit}: send fewer frames or smaller files."
        return BodyTooLarge(sentence, headers={"Connection": "close"})
