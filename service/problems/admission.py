"""Why a caller, or a request that is well formed, is not let in."""

from typing import Any

from service.problems.refusal import Refusal


class Unauthorized(Refusal):
    """No API key, or none that this server knows."""

    type_, title, status = "unauthorized", "API key needed", 401
    sentence = "Send an API key of this server, as `Authorization: Bearer KEY` or `X-API-Key: KEY`."

    def __init__(self, detail: str | None = None, headers: dict[str, str] | None = None, **extras: Any) -> None:
        super().__init__(detail, {"WWW-Authenticate": "Bearer", **(headers or {})}, **extras)


class LoopbackOnly(Refusal):
    """A server without keys was reached from another machine, or by a name that is not this machine's."""

    type_, title, status = "loopback-only", "Only from this machine", 403
    sentence = (
        "This server has no API keys and answers this machine alone, at localhost: set SEMALIGN_KEYS_FILE, or "
        "SEMALIGN_ALLOW_ANONYMOUS=1 where everyone who reaches it may use it."
    )


class RequestTooSlow(Refusal):
    """The body comes more slowly than the server waits."""

    type_, title, status = "request-too-slow", "Request too slow", 408
    sentence = "The request came too slowly and was cut off: send it again over a faster line, or with fewer frames."


class MalformedRequest(Refusal):
    """These bytes are no HTTP."""

    type_, title, status = "malformed-request", "Malformed HTTP request", 400
    sentence = "The request is not valid HTTP/1.1: let an HTTP client write it."


class HeadersTooLarge(Refusal):
    """More bytes of headers than any client of this service needs."""

    type_, title, status = "headers-too-large", "Headers too large", 431
    sentence = "The headers are larger than this server takes: remove cookies and headers that it does not know."


class RateLimited(Refusal):
    """The key posts more often than it may."""

    type_, title, status = "rate-limited", "Too many requests", 429
    sentence = "This key posts jobs more often than it may: wait as long as Retry-After says."


class QuotaExceeded(Refusal):
    """The key has as many unfinished jobs as it may."""

    type_, title, status = "quota-exceeded", "Too many unfinished jobs", 429
    sentence = "This key has as many unfinished jobs as it may: wait until some have ended, or delete them."


class QueueFull(Refusal):
    """The queue is at its bound."""

    type_, title, status = "queue-full", "Queue full", 503
    sentence = "As many jobs wait as this server takes: nothing was accepted. Try again later."


class TooManyStreams(Refusal):
    """As many event streams are open as one process serves."""

    type_, title, status = "too-many-streams", "Too many event streams", 503
    sentence = "As many event streams are open as this server serves: poll the job instead, or try again later."


class IdempotencyKeyReused(Refusal):
    """The key came before, with another body."""

    type_, title, status = "idempotency-key-reused", "Idempotency key used before", 422
    sentence = "This Idempotency-Key came before with another request: send a new key with each new request."
