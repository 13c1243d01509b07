"""How the blocking client sends requests, and how it waits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import httpx
from httpx_sse import EventSource
from tenacity import Retrying

from service.client.errors import SemalignError, WaitTimeoutError
from service.client.exchange import (
    LAST_EVENTS,
    POLL_S,
    STREAM_TIMEOUT,
    OnProgress,
    http_options,
    is_event_stream,
    job_path,
    read_answer,
    retry_after_s,
    retry_options,
    unreachable,
)
from service.client.upload import Upload
from service.schemas import JobProgress, JobStatus


class Transport:
    """Requests to one server, each repeated where that may help."""

    def __init__(self, server: str | None, api_key: str | None, patience_s: float, timeout: httpx.Timeout) -> None:
        """Connect to nothing yet; `Client` says what each argument means."""
        self._patience_s = patience_s
        try:
            self.http = httpx.Client(**http_options(server, api_key, timeout))
        except httpx.InvalidURL as error:
            raise SemalignError(f"{server} is no address: {error}.") from error

    def follow(self, job_id: str, on_progress: OnProgress) -> None:
        """Pass events on until the job has ended, or until it turns out that they do not get through."""
        last_id, heard = "", True
        while heard:
            heard = False
            try:
                stream = self.http.stream(
                    "GET", job_path(job_id, "/events"), headers={"Last-Event-ID": last_id}, timeout=STREAM_TIMEOUT
                )
                with stream as response:
                    if not is_event_stream(response):
                        return
                    for event in EventSource(response).iter_sse():
                        if event.event in LAST_EVENTS:
                            return
                        if event.event == "progress":
                            last_id, heard = event.id, True
                            on_progress(JobProgress.model_validate_json(event.data))
            except httpx.TransportError:
                return

    def poll(self, job_id: str, on_progress: OnProgress, timeout_s: float | None) -> JobStatus:
        """Ask how a job stands until it has ended.

        Raises:
            WaitTimeoutError: It has not, after `timeout_s` seconds.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            asked = time.monotonic()
            left = POLL_S if deadline is None else max(0.0, min(POLL_S, deadline - asked))
            response = self.send("GET", job_path(job_id), headers={"Prefer": f"wait={round(left)}"})
            status = JobStatus.model_validate_json(response.content)
            if status.state.is_terminal:
                return status
            on_progress(JobProgress.model_validate(status.model_dump()))
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitTimeoutError(status)
            # A server whose seats are all taken answers at once.
            time.sleep(max(0.0, (retry_after_s(response) or 0) - (time.monotonic() - asked)))

    def send(
        self,
        method: str,
        path: str,
        *,
        upload: Upload | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        patience_s: float | None = None,
    ) -> httpx.Response:
        """Send a request, again and again where that may help."""

        def attempt() -> httpx.Response:
            with upload.parts() if upload else contextlib.nullcontext() as files:
                try:
                    response = self.http.request(method, path, params=params, headers=headers, files=files)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise unreachable(self.http.base_url, error) from error
            return read_answer(response)

        patience_s = self._patience_s if patience_s is None else patience_s
        answer: Any = Retrying(**retry_options(patience_s))(attempt)
        return answer
