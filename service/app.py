"""The HTTP front: it checks, stores and queues, and never loads torch."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from service.access.loopback import LoopbackGuard, needs_loopback
from service.backend import Backend
from service.metrics import ApiMetrics, RequestMetrics
from service.middleware.body_limit import BodyLimit
from service.middleware.body_pace import BodyPace
from service.middleware.request_id import RequestId
from service.middleware.security_headers import SecurityHeaders
from service.openapi import install_openapi
from service.page import router as page
from service.problems import install_problem_handlers
from service.routes import calibrate, evaluate, events, exchange, health, jobs, metrics, report, rigs, version, view
from worker.logs import configure_logging
from worker.settings import Settings
from worker.version import __version__

_DESCRIPTION = """
Send a camera image, the LiDAR sweep taken at the same moment, the camera's intrinsics and the extrinsic you believe in;
get back the extrinsic that aligns what the camera sees with what the LiDAR measured.

1. `POST /calibrate` answers 202 with the address of the job.
2. `GET` that address until `state` is `succeeded`, `failed` or `cancelled`, or follow its events.

Every refusal is an RFC 9457 problem with a stable `type`.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; it connects to nothing before it is started.

    Args:
        settings: What to use in place of the environment's.
    """
    chosen = settings or Settings()

    @contextlib.asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        configure_logging(chosen)
        application.state.backend = Backend.open(chosen)
        yield
        application.state.backend.close()

    app = FastAPI(
        title="semalign",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # these load their scripts from another host; the page has its own
        redoc_url=None,
        redirect_slashes=False,  # it would name this host and scheme, which are not those that a proxy shows
        generate_unique_id_function=lambda route: route.name,  # what generated clients call the endpoints
    )
    _install_middleware(app, chosen)
    for routes in (calibrate, evaluate, jobs, events, rigs, view, report, exchange, health, version, metrics, page):
        app.include_router(routes.router)
    install_problem_handlers(app)
    install_openapi(app, asks_for_keys=chosen.keys_file is not None)
    return app


def _install_middleware(app: FastAPI, settings: Settings) -> None:
    """Put the layers around the endpoints, the innermost first."""
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes)
    app.add_middleware(BodyPace, grace_s=settings.body_grace_s, min_bytes_per_s=settings.min_body_bytes_per_s)
    if needs_loopback(settings):
        app.add_middleware(LoopbackGuard)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestId)
    app.state.metrics = ApiMetrics()
    app.add_middleware(RequestMetrics, metrics=app.state.metrics)


app = create_app()
