"""What both clients share: how a server is addressed, how its answers are read, and when it is worth asking again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, wait_random_exponential
from tenacity.retry import retry_if_exception
from tenacity.stop import stop_before_delay

from service.client.errors import (
    InvalidJobIdError,
    NotFoundError,
    NotReadyError,
    ProblemError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from service.schemas import JobProgress

DEFAULT_SERVER = "http://127.0.0.1:8000"
OnProgress = Callable[[JobProgress], object]

# An upload of many frames over a slow line, and the server's check of them, take their time.
TIMEOUT = httpx.Timeout(10, read=120, write=120)
# Several times the longest silence of an event stream: beyond it, something on the way keeps the events to itself.
STREAM_TIMEOUT = httpx.Timeout(10, read=60)
# So long a server is asked to hold an answer back while a job is looked up again and again.
POLL_S = 2
# After these events of a job, none follows.
LAST_EVENTS = ("end", "gone")
_DEFAULT_RETRY_AFTER_S = 1.0
_JOB_ID = re.compile(r"[0-9a-f]{32}")
_KIND_OF_STATUS: dict[int, type[ProblemError]] = {
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    409: NotReadyError,
    410: NotFoundError,
    429: RateLimitedError,
}
_PASSING_STATUS = {429, 502, 503, 504}


def http_options(server: str | None, api_key: str | None, timeout: httpx.Timeout) -> dict[str, Any]:
    """Return what both HTTP clients are made with.

    Args:
        server: Its address; None for `SEMALIGN_SERVER`, or else this machine.
        api_key: None for `SEMALIGN_API_KEY`. httpx sends it to no other host.
        timeout: Of one request.
    """
    address = server or os.environ.get("SEMALIGN_SERVER") or DEFAULT_SERVER
    key = api_key or os.environ.get("SEMALIGN_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {"base_url": address.rstrip("/"), "headers": headers, "timeout": timeout, "follow_redirects": True}


def job_path(job_id: str, what: str = "") -> str:
    """Return the address of a job, or of something of it.

    Raises:
        InvalidJobIdError: This is no id of a job.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise InvalidJobIdError(f"{job_id!r} is no id of a job: it has 32 digits and letters from a to f.")
    return f"/jobs/{job_id}{what}"


def rig_path(rig_id: str) -> str:
    """Return the address of a watched rig."""
    return f"/rigs/{quote(rig_id, safe='')}"


def read_answer(response: httpx.Response) -> httpx.Response:
    """Return an answer that brings what was asked for.

    Raises:
        ProblemError: It does not.
    """
    if response.is_success:
        return response
    status = response.status_code
    kind = _KIND_OF_STATUS.get(status, UnavailableError if status >= 500 else RefusedError)
    raise kind(status, _document(response), retry_after_s(response, default=None))


def unreachable(server: httpx.URL, error: httpx.HTTPError | httpx.InvalidURL) -> UnreachableError:
    """Say that nobody answered."""
    return UnreachableError(
        f"There was no answer from {server} ({str(error) or type(error).__name__}): check the address, or start a "
        "server with `semalign up`."
    )


def retry_after_s(response: httpx.Response, default: float | None = _DEFAULT_RETRY_AFTER_S) -> float | None:
    """Return how long the server asks to wait, seconds."""
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):  # it may also be a date, which no semalign server sends
        return default


def retry_options(patience_s: float) -> dict[str, Any]:
    """Return what both kinds of tenacity's retrying are made with: they send again what may go well later."""
    return {
        "retry": retry_if_exception(_may_pass),
        "wait": _wait_s,
        "stop": stop_before_delay(patience_s),
        "reraise": True,
    }


def is_event_stream(response: httpx.Response) -> bool:
    """Return whether events will come in this answer."""
    return response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/event-stream")


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, UnreachableError):
        # An address that is none will not become one.
        return not isinstance(error.__cause__, (httpx.InvalidURL, httpx.UnsupportedProtocol))
    return isinstance(error, ProblemError) and error.status in _PASSING_STATUS


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_s if isinstance(error, ProblemError) else None
    # Clients that lost the same server come back at different moments.
    return asked or wait_random_exponential(multiplier=0.5, max=5)(state)


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict) and "type" in document:
        return document
    return {"detail": f"{response.url} answered {response.status_code} {response.reason_phrase}."}
