"""Signs of life, for supervisors and load balancers."""

from fastapi import APIRouter
from redis.exceptions import RedisError

from service.access.keys import KeysFileError
from service.backend import BackendOfApp
from service.problems import NotReady, describe
from service.schemas import Health, Readiness
from worker.storage import StorageUnavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """Answer as long as the process runs."""
    return Health()


@router.get("/readyz", responses=describe(NotReady))
def readyz(backend: BackendOfApp) -> Readiness:
    """Answer 200 when broker and storage answer, and the API keys can be read."""
    checks = {"broker": "ok", "storage": "ok"}
    try:
        backend.jobs.ping()
    except RedisError:
        checks["broker"] = "unavailable"
    try:
        backend.blobs.check()
    except StorageUnavailable:
        checks["storage"] = "unavailable"
    if backend.keys is not None:
        checks["keys"] = "ok"
        try:
            backend.keys.check()
        except KeysFileError:
            checks["keys"] = "unavailable"
    if "unavailable" in checks.values():
        raise NotReady(checks=checks)
    return Readiness(checks=checks)
