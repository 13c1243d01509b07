"""The HTTP front: it checks, stores and queues, and never loads torch."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from service.backend import Backend
from service.body_limit import BodyLimit
from service.openapi import install_openapi
from service.problems import install_problem_handlers
from service.routes import calibrate, health, jobs
from worker.logs import configure_logging
from worker.settings import Settings
from worker.version import __version__

_DESCRIPTION = """
Send a camera image, the LiDAR sweep taken at the same moment, the camera's intrinsics and the extrinsic you believe in;
get back the extrinsic that aligns what the camera sees with what the LiDAR measured.

1. `POST /calibrate` answers 202 with the address of the job.
2. `GET` that address until `state` is `succeeded`, `failed` or `cancelled`.

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

    app = FastAPI(title="semalign", version=__version__, description=_DESCRIPTION, lifespan=lifespan)
    app.add_middleware(BodyLimit, max_bytes=chosen.max_upload_bytes)
    for routes in (calibrate, jobs, health):
        app.include_router(routes.router)
    install_problem_handlers(app)
    install_openapi(app)
    return app


app = create_app()
