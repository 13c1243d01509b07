"""The blocking client."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import httpx
from httpx_sse import EventSource
from tenacity import Retrying

from service.client.downloads import ExportedFile, exported_file
from service.client.errors import JobFailedError, SemalignError, WaitTimeoutError
from service.client.exchange import (
    LAST_EVENTS,
    POLL_S,
    STREAM_TIMEOUT,
    TIMEOUT,
    OnProgress,
    http_options,
    is_event_stream,
    job_path,
    read_answer,
    retry_after_s,
    retry_options,
    unreachable,
)
from service.client.upload import Frame, Request, Upload, upload_of
from service.schemas import JobAccepted, JobList, JobProgress, JobStatus, JobSummary
from worker.jobs.record import JobState


class Client:
    """A connection to a semalign server; a context manager, and safe to use from several threads.

    Every method raises a `SemalignError`: `UnreachableError` where nobody answers for `patience_s` seconds, and a
    `ProblemError` with the server's own words where it refuses.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        api_key: str | None = None,
        patience_s: float = 30,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Connect to nothing yet.

        Args:
            server: Address, such as `https://calibration.example.org`; None for the environment's `SEMALIGN_SERVER`, or
                else `http://127.0.0.1:8000`.
            api_key: None for the environment's `SEMALIGN_API_KEY`.
            patience_s: So long a request is repeated that nobody answered, or that a busy server put off.
            timeout: Of one attempt at a request.
        """
        self._patience_s = patience_s
        try:
            self._http = httpx.Client(**http_options(server, api_key, timeout))
        except httpx.InvalidURL as error:
            raise SemalignError(f"{server} is no address: {error}.") from error

    def __enter__(self) -> Self:
        """Open nothing: connections are made when they are needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def calibrate(
        self,
        frames: Frame | Sequence[Frame],
        request: Request,
        *,
        on_progress: OnProgress | None = None,
        queue: Literal["interactive", "batch"] = "interactive",
        timeout_s: float | None = None,
    ) -> JobStatus:
        """Post a job and wait for its end; Ctrl-C cancels it.

        Args:
            frames: One frame, or several of one rig.
            request: Fields of the HTTP reference: `camera` and `initial`, and what else is not to be the default.
            on_progress: Called with each change.
            queue: Where it waits; `batch` jobs come after all others.
            timeout_s: Longest wait; None to wait as long as it takes.

        Returns:
            A job that has succeeded, with its `result`. Mind `result.verdict`: it may be `low` or `rejected`.

        Raises:
            JobFailedError: No calibration could be estimated.
            WaitTimeoutError: It has not ended in time, and goes on.
        """
        job = self.submit(frames, request, queue=queue)
        try:
            status = self.wait(job.id, on_progress, timeout_s=timeout_s)
        except KeyboardInterrupt:
            with contextlib.suppress(SemalignError):
                self.cancel(job.id, patience_s=0)
            raise
        if status.state is not JobState.SUCCEEDED:
            raise JobFailedError(status)
        return status

    def submit(
        self,
        frames: Frame | Sequence[Frame],
        request: Request,
        *,
        queue: Literal["interactive", "batch"] = "interactive",
        idempotency_key: str | None = None,
    ) -> JobAccepted:
        """Post a job and return at once.

        However often the upload has to be repeated, one job comes of it: it carries an `Idempotency-Key`.

        Args:
            frames: One frame, or several of one rig.
            request: See `calibrate`.
            queue: Where it waits.
            idempotency_key: The same key with the same parts leads to the same job, for a day; None makes a new one.

        Raises:
            OSError: A file cannot be read.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        upload = upload_of(frames, request)
        response = self._send("POST", "/calibrate", upload=upload, headers=headers, params={"queue": queue})
        return JobAccepted.model_validate_json(response.content)

    def status(self, job_id: str) -> JobStatus:
        """Return how a job stands, with its result once there is one."""
        return JobStatus.model_validate_json(self._send("GET", job_path(job_id)).content)

    def wait(self, job_id: str, on_progress: OnProgress | None = None, *, timeout_s: float | None = None) -> JobStatus:
        """Wait for the end of a job, over a stream of events, or by asking again where none gets through.

        Args:
            job_id: The job.
            on_progress: Called with each change.
            timeout_s: Longest wait; with one, the server is asked again and again.

        Returns:
            The job at its end, however it ended.

        Raises:
            WaitTimeoutError: It has not ended in time, and goes on.
        """
        on_progress = on_progress or (lambda _: None)
        if timeout_s is None:
            self._follow(job_id, on_progress)
        return self._poll(job_id, on_progress, timeout_s)

    def jobs(self, *, page_size: int = 50) -> Iterator[JobSummary]:
        """Go through the caller's jobs, newest first; pages are fetched as they are needed."""
        following: str | None = f"/jobs?limit={page_size}"
        while following is not None:
            page = JobList.model_validate_json(self._send("GET", following).content)
            yield from page.jobs
            # The path may have a proxy's prefix, which the base address has too.
            following = None if page.next is None else f"/jobs?{page.next.partition('?')[2]}"

    def cancel(self, job_id: str, *, patience_s: float | None = None) -> None:
        """Cancel a job and delete every byte of it."""
        self._send("DELETE", job_path(job_id), patience_s=patience_s)

    def overlay(self, job_id: str, stage: Literal["initial", "final"] = "final") -> bytes:
        """Return the points over the first image, before (`initial`) or after the calibration, as a PNG file."""
        return self._send("GET", job_path(job_id, "/overlay.png"), params={"stage": stage}).content

    def export(self, job_id: str, format: str = "json") -> ExportedFile:  # noqa: A002 the name of the parameter over HTTP
        """Return the result as a file of another tool: `kitti`, `ros`, `opencv` and so on."""
        return exported_file(self._send("GET", job_path(job_id, "/result"), params={"format": format}))

    def report(self, job_id: str) -> str:
        """Return the report of a job: one HTML file that needs nothing else."""
        return self._send("GET", job_path(job_id, "/report")).text

    def version(self) -> str:
        """Return the server's version; asked once only, to find out whether there is a server at all."""
        return str(self._send("GET", "/version", patience_s=0).json()["version"])

    def _follow(self, job_id: str, on_progress: OnProgress) -> None:
        """Pass events on until the job has ended, or until it turns out that they do not get through."""
        last_id, heard = "", True
        while heard:
            heard = False
            try:
                stream = self._http.stream(
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

    def _poll(self, job_id: str, on_progress: OnProgress, timeout_s: float | None) -> JobStatus:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            asked = time.monotonic()
            left = POLL_S if deadline is None else max(0.0, min(POLL_S, deadline - asked))
            response = self._send("GET", job_path(job_id), headers={"Prefer": f"wait={round(left)}"})
            status = JobStatus.model_validate_json(response.content)
            if status.state.is_terminal:
                return status
            on_progress(JobProgress.model_validate(status.model_dump()))
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitTimeoutError(status)
            # A server whose seats are all taken answers at once.
            time.sleep(max(0.0, (retry_after_s(response) or 0) - (time.monotonic() - asked)))

    def _send(
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
                    response = self._http.request(method, path, params=params, headers=headers, files=files)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise unreachable(self._http.base_url, error) from error
            return read_answer(response)

        patience_s = self._patience_s if patience_s is None else patience_s
        answer: Any = Retrying(**retry_options(patience_s))(attempt)
        return answer
