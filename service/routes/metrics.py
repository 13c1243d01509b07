"""`GET /metrics`: what Prometheus fetches."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.access.caller import CallerOfRequest
from service.backend import BackendOfApp
from service.metrics import ApiMetrics

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request, backend: BackendOfApp, _: CallerOfRequest) -> Response:
    """Answer with the numbers of this process and of the queues; where keys are asked for, to their holders only."""
    numbers: ApiMetrics = request.app.state.metrics
    return Response(numbers.text(backend.jobs), media_type=CONTENT_TYPE_LATEST)
