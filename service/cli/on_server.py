"""Running a job on a server: upload, poll, collect."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.cli.errors import EXIT_BAD_INPUT, CommandError
from service.cli.job import CalibrationJob, FinishedJob, JobProgress, OnJobProgress

# An upload of many frames over a slow line, and the server's check of them, take their time.
_TIMEOUT = httpx.Timeout(10, read=120, write=120)
_RETRY_AFTER_S = 1.0
_PATIENCE_S = 30.0
_TERMINAL_STATES = {"succeeded", "failed", "cancelled"}


def run_on_server(job: CalibrationJob, on_progress: OnJobProgress, server: str) -> FinishedJob:
    """Post the job, wait for its end, and return what came out; an interruption from the keyboard cancels it.

    Args:
        job: what to calibrate.
        on_progress: told how far it is.
        server: the server's address, such as `http://127.0.0.1:8000`.

    Raises:
        CommandError: the server cannot be reached, refuses the job, or could not calibrate.
    """
    with (
        httpx.Client(timeout=_TIMEOUT, follow_redirects=True, headers=_credentials()) as client,
        _as_command_error(server),
    ):
        address = _submit(client, server, job)
        try:
            status = _wait(client, address, on_progress)
        except KeyboardInterrupt:
            client.delete(address)
            raise
        if status["result"] is None:
            raise CommandError(_reason(status))
        return FinishedJob(
            result=status["result"],
            overlays=_overlays(client, address, status),
            succeeded=status["state"] == "succeeded",
        )


def _credentials() -> dict[str, str]:
    # Not an option: other users of this machine can read command lines. httpx sends it to no other host.
    key = os.environ.get("SEMALIGN_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _submit(client: httpx.Client, server: str, job: CalibrationJob) -> httpx.URL:
    """Upload; return the address of the job."""
    request = job.request.model_dump_json(exclude_none=True)
    with ExitStack() as stack:

        def part(name: str, path: Path) -> tuple[str, tuple[str, Any, str]]:
            return name, (path.name, stack.enter_context(path.open("rb")), "application/octet-stream")

        files = [
            part(name, path)
            for frame in job.frames
            for name, path in (
                ("image", frame.image),
                ("point_cloud", frame.point_cloud),
                ("image_labels", frame.image_labels),
                ("point_labels", frame.point_labels),
            )
            if path is not None
        ]
        response = client.post(f"{server.rstrip('/')}/calibrate", data={"request": request}, files=files)
    response.raise_for_status()
    return response.url.join(response.headers["Location"])


def _wait(client: httpx.Client, address: httpx.URL, on_progress: OnJobProgress) -> dict[str, Any]:
    """Poll as often as the server asks for; return the status at the job's end."""
    while True:
        response = _get_patiently(client, address)
        status: dict[str, Any] = response.json()
        if status["state"] in _TERMINAL_STATES:
            return status
        on_progress(_progress_of(status))
        time.sleep(float(response.headers.get("Retry-After", _RETRY_AFTER_S)))


def _get_patiently(client: httpx.Client, address: httpx.URL) -> httpx.Response:
    """Get, bearing for a while with a server that restarts."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            response = client.get(address)
            response.raise_for_status()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            passing = isinstance(error, httpx.TransportError) or error.response.status_code >= 500
            if not passing or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_AFTER_S)
        else:
            return response


def _progress_of(status: dict[str, Any]) -> JobProgress:
    if ahead := status["queue_position"]:
        return JobProgress(f"queued behind {ahead}", 0.0)
    return JobProgress(status["stage"] or status["state"], status["progress"], status.get("loss"))


def _overlays(client: httpx.Client, address: httpx.URL, status: dict[str, Any]) -> dict[str, bytes]:
    if status["links"]["overlay"] is None:
        return {}
    overlay = address.join(status["links"]["overlay"])
    overlays = {}
    for stage in ("initial", "final"):
        response = client.get(overlay, params={"stage": stage})
        response.raise_for_status()
        overlays[stage] = response.content
    return overlays


def _reason(status: dict[str, Any]) -> str:
    error = status.get("error") or {}
    return error.get("detail") or f"The job {status['id']} ended as {status['state']}."


@contextmanager
def _as_command_error(server: str) -> Iterator[None]:
    """Say in a sentence why a server did not do what it was asked."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        refused = error.response.is_client_error
        raise CommandError(_refusal(error.response), *([EXIT_BAD_INPUT] if refused else [])) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(
            f"There was no answer from {server} ({str(error) or type(error).__name__}): check the address, or start a "
            "server with `semalign up`."
        ) from error


def _refusal(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return f"{problem['detail']} (the server's answer: {response.status_code} {problem['type']})"
    except (ValueError, KeyError, TypeError):
        return f"{response.url} answered {response.status_code} {response.reason_phrase}."
