"""Every error of the application leaves as application/problem+json."""

import http
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem
from fastapi_problem.handler import ExceptionHandler, add_exception_handler, new_exception_handler
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from service.access.keys import KeysFileError
from service.problems.addresses import InvalidParameter, MethodNotAllowed, NotFound
from service.problems.outages import BrokerDown, InternalError, KeysDown, StorageDown
from service.problems.refusal import Refusal
from service.problems.uploads import BodyTooLarge
from worker.errors import BrokerUnavailable
from worker.storage import StorageUnavailable

_RETRY_LATER = {"Retry-After": "5"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` leave as application/problem+json."""
    outages: dict[type[Exception], type[Refusal]] = {
        BrokerUnavailable: BrokerDown,
        RedisError: BrokerDown,
        StorageUnavailable: StorageDown,
        KeysFileError: KeysDown,
    }
    handler = new_exception_handler(
        unhandled_wrappers={"default": InternalError},
        handlers={kind: _saying(refusal) for kind, refusal in outages.items()},
        http_exception_handler=_from_http_exception,
        request_validation_handler=_from_validation_error,
        post_hooks=[_name_request],
    )
    add_exception_handler(app, handler, generic_swagger_defaults=False)
    for kind in outages:
        # Registered one by one: what only the handler of all exceptions takes is logged as a crash.
        app.add_exception_handler(kind, handler)


def _name_request(content: dict[str, Any], request: Request, response: Response) -> tuple[dict[str, Any], Response]:
    """Name the request also where the answer is made outside of all middleware, as that to a crash is."""
    if request_id := getattr(request.state, "request_id", None):
        response.headers["X-Request-ID"] = request_id
    return content, response


def _saying(refusal: type[Refusal]) -> Callable[[ExceptionHandler, Request, Exception], Problem]:
    def say(_: ExceptionHandler, __: Request, error: Exception) -> Problem:
        # Callers are not told what it is, and whoever has to mend it reads it nowhere else.
        cause = str(error.__cause__ or "").partition("\n")[0]  # object stores add a page of details
        structlog.get_logger(__name__).warning("outage", problem=refusal.type_, error=str(error), cause=cause)
        return refusal(headers=_RETRY_LATER)

    return say


def _from_http_exception(_: ExceptionHandler, request: Request, error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed_methods(request)
    if kind := _BY_STATUS.get(error.status_code):
        return kind(headers=headers)
    phrase = http.HTTPStatus(error.status_code).phrase
    return Problem(phrase, phrase.lower().replace(" ", "-"), error.detail, error.status_code, headers)


def _allowed_methods(request: Request) -> str:
    """List the methods of all endpoints at an address; the router names those of the first one only."""
    routes = request.app.routes

    def is_allowed(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    return ", ".join(filter(is_allowed, _METHODS))


def _from_validation_error(_: ExceptionHandler, __: Request, error: RequestValidationError) -> Problem:
    problems = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    detail = "; ".join(f"{each['field']}: {each['message']}" for each in problems)
    return InvalidParameter(detail, errors=problems)
