"""Everything that can be wrong with a request, as RFC 9457 problems with stable `type` slugs."""

from service.problems.addresses import InvalidParameter, MethodNotAllowed, NotFound, OverlayNotReady, UnknownJob
from service.problems.admission import (
    HeadersTooLarge,
    IdempotencyKeyReused,
    LoopbackOnly,
    MalformedRequest,
    QueueFull,
    QuotaExceeded,
    RateLimited,
    RequestTooSlow,
    TooManyStreams,
    Unauthorized,
)
from service.problems.handlers import install_problem_handlers
from service.problems.outages import BrokerDown, InternalError, KeysDown, NotReady, StorageDown
from service.problems.refusal import Refusal
from service.problems.responses import describe, input_problem
from service.problems.uploads import (
    BodyTooLarge,
    ImageSizesDiffer,
    MalformedMultipart,
    MissingPart,
    NotMultipart,
    PartCount,
    PartNotAFile,
    TooManyFrames,
    UnknownPart,
)

__all__ = [
    "BodyTooLarge",
    "BrokerDown",
    "HeadersTooLarge",
    "IdempotencyKeyReused",
    "ImageSizesDiffer",
    "InternalError",
    "InvalidParameter",
    "KeysDown",
    "LoopbackOnly",
    "MalformedMultipart",
    "MalformedRequest",
    "MethodNotAllowed",
    "MissingPart",
    "NotFound",
    "NotMultipart",
    "NotReady",
    "OverlayNotReady",
    "PartCount",
    "PartNotAFile",
    "QueueFull",
    "QuotaExceeded",
    "RateLimited",
    "Refusal",
    "RequestTooSlow",
    "StorageDown",
    "TooManyFrames",
    "TooManyStreams",
    "Unauthorized",
    "UnknownJob",
    "UnknownPart",
    "describe",
    "input_problem",
    "install_problem_handlers",
]
