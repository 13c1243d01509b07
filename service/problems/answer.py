"""A problem as the answer of a middleware, which no exception handler stands around."""

from fastapi_problem.handler import ExceptionHandler
from starlette.requests import Request
from starlette.types import Receive, Send

from service.problems.refusal import Refusal


async def answer_with(refusal: Refusal, request: Request, receive: Receive, send: Send) -> None:
    """Answer a request with a refusal."""
    response = ExceptionHandler()(request, refusal)
    await response(request.scope, receive, send)
