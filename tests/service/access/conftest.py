"""Asking an app directly, as a server on a given interface would."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def answer_of() -> Callable[..., tuple[int, Any]]:
    """Return a function that sends `GET /healthz` to an app, and returns status and body."""

    def ask(app: Any, *, server: str, host: str) -> tuple[int, Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/healthz",
            "raw_path": b"/healthz",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", host.encode())],
            "client": ("127.0.0.1", 40000),
            "server": (server, 8000),
        }
        asyncio.run(app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(body)

    return ask
