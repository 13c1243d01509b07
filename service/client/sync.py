"""The blocking client."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Literal, Self

import httpx

from service.client.downloads import ExportedFile, exported_file
from service.client.ends import Calibration, Evaluation
from service.client.errors import SemalignError
from service.client.exchange import TIMEOUT, OnProgress, job_path, rig_path
from service.client.transport import Transport
from service.client.upload import Frame, Request, upload_of
from service.rig_schemas import RigStatus
from service.schemas import JobAccepted, JobList, JobStatus, JobSummary


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
        self._transport = Transport(server, api_key, patience_s, timeout)

    def __enter__(self) -> Self:
        """Open nothing: connections are made when they are needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.http.close()

    def calibrate(
        self,
        frames: Frame | Sequence[Frame],
        request: Request,
        *,
        on_progress: OnProgress | None = None,
        queue: Literal["interactive", "batch"] = "interactive",
        timeout_s: float | None = None,
    ) -> Calibration:
        """Post a job and wait for its end; Ctrl-C cancels it.

        Args:
            frames: One frame, or several of one rig.
            request: Fields of the HTTP reference: `camera` and `initial`, and what else is not to be the default.
            on_progress: Called with each change.
            queue: Where it waits; `batch` jobs come behind, and get a share all the same.
            timeout_s: Longest wait; None to wait as long as it takes.

        Returns:
            A job that has succeeded, with its `result`. Mind `result.verdict`: it may be `low` or `rejected`.

        Raises:
            JobFailedError: No calibration could be estimated.
            WaitTimeoutError: It has not ended in time, and goes on.
        """
        job = self.submit(frames, request, queue=queue)
        return Calibration.of(self._end_of(job, on_progress, timeout_s))

    def evaluate(
        self,
        frames: Frame | Sequence[Frame],
        request: Request,
        *,
        rig: str | None = None,
        on_progress: OnProgress | None = None,
        queue: Literal["interactive", "batch"] = "interactive",
        timeout_s: float | None = None,
    ) -> Evaluation:
        """Have the extrinsic `initial` of a request looked at, without a search for another one: has it drifted?

        Args:
            frames: One frame, or several of one rig.
            request: See `calibrate`.
            rig: Name of a watched rig, which the outcome updates.
            on_progress: Called with each change.
            queue: Where it waits.
            timeout_s: Longest wait.

        Returns:
            A job with its `result`, whose `verdict` is `aligned`, `drifted` or `cannot_tell`.

        Raises:
            JobFailedError, WaitTimeoutError: As of `calibrate`.
        """
        job = self.submit_evaluation(frames, request, rig=rig, queue=queue)
        return Evaluation.of(self._end_of(job, on_progress, timeout_s))

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
        return self._post("/calibrate", frames, request, queue, idempotency_key)

    def submit_evaluation(
        self,
        frames: Frame | Sequence[Frame],
        request: Request,
        *,
        rig: str | None = None,
        queue: Literal["interactive", "batch"] = "interactive",
        idempotency_key: str | None = None,
    ) -> JobAccepted:
        """Post a job as of `evaluate` and return at once; it carries an `Idempotency-Key` as of `submit`."""
        path = "/evaluate" if rig is None else f"{rig_path(rig)}/frames"
        return self._post(path, frames, request, queue, idempotency_key)

    def rig(self, rig_id: str) -> RigStatus:
        """Return how a watched rig stands, with its history."""
        return RigStatus.model_validate_json((self._transport.send("GET", rig_path(rig_id))).content)

    def status(self, job_id: str) -> JobStatus:
        """Return how a job stands, with its result once there is one."""
        return JobStatus.model_validate_json(self._transport.send("GET", job_path(job_id)).content)

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
            self._transport.follow(job_id, on_progress)
        return self._transport.poll(job_id, on_progress, timeout_s)

    def jobs(self, *, page_size: int = 50) -> Iterator[JobSummary]:
        """Go through the caller's jobs, newest first; pages are fetched as they are needed."""
        following: str | None = f"/jobs?limit={page_size}"
        while following is not None:
            page = JobList.model_validate_json(self._transport.send("GET", following).content)
            yield from page.jobs
            # The path may have a proxy's prefix, which the base address has too.
            following = None if page.next is None else f"/jobs?{page.next.partition('?')[2]}"

    def cancel(self, job_id: str, *, patience_s: float | None = None) -> None:
        """Cancel a job and delete every byte of it."""
        self._transport.send("DELETE", job_path(job_id), patience_s=patience_s)

    def overlay(self, job_id: str, stage: Literal["initial", "final"] = "final") -> bytes:
        """Return the points over the first image, before (`initial`) or after the calibration, as a PNG file."""
        return self._transport.send("GET", job_path(job_id, "/overlay.png"), params={"stage": stage}).content

    def export(self, job_id: str, format: str = "json") -> ExportedFile:  # noqa: A002 the name of the parameter over HTTP
        """Return the result as a file of another tool: `kitti`, `ros`, `opencv` and so on."""
        return exported_file(self._transport.send("GET", job_path(job_id, "/result"), params={"format": format}))

    def report(self, job_id: str) -> str:
        """Return the report of a job: one HTML file that needs nothing else."""
        return self._transport.send("GET", job_path(job_id, "/report")).text

    def version(self) -> str:
        """Return the server's version; asked once only, to find out whether there is a server at all."""
        return str(self._transport.send("GET", "/version", patience_s=0).json()["version"])

    def _post(
        self,
        path: str,
        frames: Frame | Sequence[Frame],
        request: Request,
        queue: str,
        idempotency_key: str | None,
    ) -> JobAccepted:
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        upload = upload_of(frames, request)
        response = self._transport.send("POST", path, upload=upload, headers=headers, params={"queue": queue})
        return JobAccepted.model_validate_json(response.content)

    def _end_of(self, job: JobAccepted, on_progress: OnProgress | None, timeout_s: float | None) -> JobStatus:
        """Wait for a job; cancel it where nobody waits any more."""
        try:
            return self.wait(job.id, on_progress, timeout_s=timeout_s)
        except KeyboardInterrupt:
            with contextlib.suppress(SemalignError):
                self.cancel(job.id, patience_s=0)
            raise
