"""Refusals as they leave: one for each thing that readers refuse, and as the OpenAPI description shows them."""

import http
from typing import Any

from fastapi_problem.error import Problem
from rfc9457.openapi import problem_response

from service.problems.refusal import Refusal
from worker.inputs import InputError

_INPUT_STATUS = {
    "invalid-json": 400,
    "file-too-large": 413,
    "image-too-large": 413,
    "too-many-points": 413,
    "unsupported-image-format": 415,
    "unsupported-point-cloud-format": 415,
    "unsupported-point-label-format": 415,
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}}}
_HEADERS = {
    401: {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}},
    405: {"Allow": {"description": "The methods that the address knows.", "schema": {"type": "string"}}},
    409: _RETRY_AFTER,
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
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
        if headers := _HEADERS.get(status):
            responses[status]["headers"] = headers
    return responses
