"""Everything that can be wrong with a request, as RFC 9457 problems with stable `type` slugs."""

import http
from collections.abc import Callable
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem, StatusProblem
from fastapi_problem.handler import ExceptionHandler, add_exception_handler, new_exception_handler
from redis.exceptions import RedisError
from rfc9457.openapi import problem_response
from starlette.exceptions import HTTPException

from worker.errors import BrokerUnavailable
from worker.inputs import InputError
from worker.storage import StorageUnavailable


class Refusal(StatusProblem):
    """A problem of this service; `sentence` is said where the raiser says nothing more exact."""

    type_: str
    sentence: ClassVar[str]

    def __init__(self, detail: str | None = None, headers: dict[str, str] | None = None, **extras: Any) -> None:
        super().__init__(detail or self.sentence, headers, **extras)


class MalformedMultipart(Refusal):
    """The body cannot be taken apart."""

    type_, title, status = "malformed-multipart", "Malformed multipart body", 400
    sentence = "The body is not valid multipart/form-data: let your HTTP client write the boundary."


class NotFound(Refusal):
    """There is no such page."""

    type_, title, status = "not-found", "Not found", 404
    sentence = "There is nothing at this address: /docs lists what there is."


class UnknownJob(Refusal):
    """There is no such job."""

    type_, title, status = "unknown-job", "Unknown job", 404
    sentence = "There is no job with this id: it was deleted, or never accepted."


class MethodNotAllowed(Refusal):
    """The page knows other methods only."""

    type_, title, status = "method-not-allowed", "Method not allowed", 405
    sentence = "This address does not answer to this method: the header Allow lists those it does."


class OverlayNotReady(Refusal):
    """The job has no overlay yet, or ended without one."""

    type_, title, status = "overlay-not-ready", "Overlay not ready", 409
    sentence = "The job has no overlay: it is drawn when the calibration ends."


class BodyTooLarge(Refusal):
    """The body exceeds the limit."""

    type_, title, status = "body-too-large", "Body too large", 413
    sentence = "The body is larger than this server takes: send fewer frames or smaller files."


class NotMultipart(Refusal):
    """The body has another media type."""

    type_, title, status = "not-multipart", "Not a multipart body", 415
    sentence = "Send multipart/form-data with the parts image, point_cloud and request."


class MissingPart(Refusal):
    """A part is not there."""

    type_, title, status = "missing-part", "Missing part", 422
    sentence = "Send the parts image, point_cloud and request."


class UnknownPart(Refusal):
    """There is a part that means nothing here."""

    type_, title, status = "unknown-part", "Unknown part", 422
    sentence = "The parts are image, point_cloud, request, image_labels and point_labels: remove any other."


class PartNotAFile(Refusal):
    """A file came as a text field."""

    type_, title, status = "part-not-a-file", "Part is not a file", 422
    sentence = "Send this part as a file, with a file name."


class PartCount(Refusal):
    """Repeated parts do not pair up into frames."""

    type_, title, status = "part-count", "Parts do not pair up", 422
    sentence = (
        "Each frame is one image and one point cloud, in the same order: send as many of the one as of the other."
    )


class TooManyFrames(Refusal):
    """The job has more frames than allowed."""

    type_, title, status = "too-many-frames", "Too many frames", 422
    sentence = "The job has more frames than this server takes: send fewer."


class ImageSizesDiffer(Refusal):
    """The images of one job differ in size."""

    type_, title, status = "image-sizes-differ", "Images differ in size", 422
    sentence = "All images of one job come from one camera: send images of one size."


class InvalidParameter(Refusal):
    """A parameter in the address is wrong."""

    type_, title, status = "invalid-parameter", "Invalid parameter", 422
    sentence = "A parameter in the address is not one of those allowed."


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


class NotReady(Refusal):
    """Something that the service needs is away."""

    type_, title, status = "not-ready", "Not ready", 503
    sentence = "The service cannot take jobs at the moment."


_RETRY_LATER = {"Retry-After": "5"}
_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}
_INPUT_STATUS = {
    "invalid-json": 400,
    "file-too-large": 413,
    "image-too-large": 413,
    "too-many-points": 413,
    "unsupported-image-format": 415,
    "unsupported-point-cloud-format": 415,
    "unsupported-point-label-format": 415,
}


def input_problem(error: InputError, part: str | None = None, frame: int | None = None) -> Problem:
    """Render what a reader refused; its code is the `type`.

    Args:
        error: What the reader said.
        part: Name of the multipart part it read.
        frame: Index of the frame the part belongs to.
    """
    extras: dict[str, Any] = {name: value for name, value in (("part", part), ("frame", frame)) if value is not None}
    title = error.code.replace("-", " ").capitalize()
    return Problem(title, error.code, error.message, _INPUT_STATUS.get(error.code, 422), **extras)


def describe(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of an endpoint that refuses in these ways."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in kinds}):
        examples = [kind().marshal() for kind in kinds if kind.status == status]
        responses[status] = problem_response(http.HTTPStatus(status).phrase, examples)
    return responses


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` leave as application/problem+json."""
    outages: dict[type[Exception], type[Refusal]] = {
        BrokerUnavailable: BrokerDown,
        RedisError: BrokerDown,
        StorageUnavailable: StorageDown,
    }
    handler = new_exception_handler(
        unhandled_wrappers={"default": InternalError},
        handlers={kind: _saying(refusal) for kind, refusal in outages.items()},
        http_exception_handler=_from_http_exception,
        request_validation_handler=_from_validation_error,
    )
    add_exception_handler(app, handler, generic_swagger_defaults=False)
    for kind in outages:
        # Registered one by one: what only the handler of all exceptions takes is logged as a crash.
        app.add_exception_handler(kind, handler)


def _saying(refusal: type[Refusal]) -> Callable[[ExceptionHandler, Request, Exception], Problem]:
    return lambda _, __, ___: refusal(headers=_RETRY_LATER)


def _from_http_exception(_: ExceptionHandler, __: Request, error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    if kind := _BY_STATUS.get(error.status_code):
        return kind(headers=headers)
    phrase = http.HTTPStatus(error.status_code).phrase
    return Problem(phrase, phrase.lower().replace(" ", "-"), error.detail, error.status_code, headers)


def _from_validation_error(_: ExceptionHandler, __: Request, error: RequestValidationError) -> Problem:
    problems = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    detail = "; ".join(f"{each['field']}: {each['message']}" for each in problems)
    return InvalidParameter(detail, errors=problems)
