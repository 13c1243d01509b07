"""What is not the caller's fault: something is away, or failed."""

from typing import Any

from service.problems.refusal import Refusal


class InternalError(Refusal):
    """A fault of ours; what it was is logged, not told."""

    type_, title, status = "internal-error", "Internal error", 500
    sentence = "The request failed for a reason on our side, which was logged."

    def __init__(self, _: str | None = None, headers: dict[str, str] | None = None, **extras: Any) -> None:
        super().__init__(None, headers, **extras)


class BrokerDown(Refusal):
    """The broker is away."""

    type_, title, status = "broker-unavailable", "Broker unavailable", 503
    sentence = "The queue does not answer at the moment: nothing was accepted. Try again."


class StorageDown(Refusal):
    """The storage is away."""

    type_, title, status = "storage-unavailable", "Storage unavailable", 503
    sentence = "The storage does not answer at the moment: nothing was accepted. Try again."


class KeysDown(Refusal):
    """The file of API keys cannot be used, so nobody can be let in."""

    type_, title, status = "keys-unavailable", "API keys unavailable", 503
    sentence = (
        "This server cannot read its API keys at the moment: nothing was accepted. Try again, or tell its operator."
    )


class NotReady(Refusal):
    """Something that the service needs is away."""

    type_, title, status = "not-ready", "Not ready", 503
    sentence = "The service cannot take jobs at the moment."
