"""`GET /version`: which semalign answers here."""

from fastapi import APIRouter
from pydantic import BaseModel

from worker.version import __version__

router = APIRouter(tags=["health"])


class Version(BaseModel):
    """The version of the server."""

    name: str = "semalign"
    version: str = __version__


@router.get("/version")
async def version() -> Version:
    """Answer with the version, whoever asks."""
    return Version()
