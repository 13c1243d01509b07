"""Cutting off bodies that come too slowly: the server this runs on waits for ever."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import RequestTooSlow


class BodyPace:
    """ASGI middleware: a body may be `grace_s` seconds behind its slowest rate, and no more.

    Only the time spent waiting for the client counts, not that in which the application was busy with what had come.
    """

    def __init__(self, app: ASGIApp, grace_s: float, min_bytes_per_s: int) -> None:
        self._app = app
        self._grace_s = grace_s
        self._min_bytes_per_s = min_bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its body timed."""
        await self._app(scope, self._timed(receive) if scope["type"] == "http" else receive, send)

    def _timed(self, receive: Receive) -> Receive:
        patience_s = self._grace_s
        is_whole = False

        async def receive_in_time() -> Message:
            nonlocal patience_s, is_whole
            if is_whole:  # what comes now is the end of the connection, which may take its time
                return await receive()
            started = time.monotonic()
            try:
                async with asyncio.timeout(patience_s):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTooSlow(headers={"Connection": "close"}) from error
            earned_s = len(message.get("body", b"")) / self._min_bytes_per_s
            patience_s = min(self._grace_s, patience_s - (time.monotonic() - started) + earned_s)
            is_whole = not message.get("more_body", False)
            return message

        return receive_in_time
