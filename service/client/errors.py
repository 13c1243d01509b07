"""What can go wrong between a client and a server; refusals carry the problem document that the server sent."""

from collections.abc import Mapping
from typing import Any

from service.schemas import JobStatus


class SemalignError(Exception):
    """Anything that this client raises on purpose; the message is a sentence."""


class UnreachableError(SemalignError):
    """Nobody answered."""


class InvalidJobIdError(SemalignError):
    """What was given as the id of a job is none."""


class ProblemError(SemalignError):
    """The server answered that something is wrong (RFC 9457).

    Attributes:
        status: The HTTP status.
        type: Stable slug, such as `invalid-point-cloud`; `about:blank` where the answer did not come from semalign.
        detail: A sentence that says what to change.
        document: The whole problem document, with `part` and `frame` where one is at fault.
        retry_after_s: When the server asks to come again; None where it does not say.
    """

    def __init__(self, status: int, document: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.type = str(document.get("type", "about:blank"))
        self.detail = str(document.get("detail", f"The server answered {status}."))
        self.document = dict(document)
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.detail} (the server's answer: {status} {self.type})")


class RefusedError(ProblemError):
    """What was sent cannot be used: sent again as it is, it is refused again (4xx)."""


class UnauthorizedError(RefusedError):
    """The server wants an API key, or another one (401, 403)."""


class NotFoundError(RefusedError):
    """There is no such job, or its files are deleted (404, 410)."""


class NotReadyError(RefusedError):
    """The job has not got that far, or ended without it (409)."""


class RateLimitedError(ProblemError):
    """The key posts more often than it may, or has too many unfinished jobs (429)."""


class UnavailableError(ProblemError):
    """The server cannot do it at this moment (5xx)."""


class JobFailedError(SemalignError):
    """A job that was waited for ended without an estimate.

    Attributes:
        status: The job; its `result` is there, with the initial extrinsic, where the search found none.
    """

    def __init__(self, status: JobStatus) -> None:
        self.status = status
        reason = f"The job {status.id} ended as {status.state.value}."
        super().__init__(reason if status.error is None else status.error.detail)


class WaitTimeoutError(SemalignError):
    """A job has not ended in the time that was granted; it goes on.

    Attributes:
        status: How it stood at that moment.
    """

    def __init__(self, status: JobStatus) -> None:
        self.status = status
        super().__init__(f"The job {status.id} has not ended yet ({status.state.value}): wait for it again.")
