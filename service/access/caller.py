"""Who calls: the holder of an API key, or anybody where the server asks for none."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.backend import BackendOfApp
from service.problems import Unauthorized

_BEARER = HTTPBearer(scheme_name="bearer", auto_error=False, description="An API key, as a bearer token.")
_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="header", auto_error=False, description="The same, in a header.")


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        owner: Id of the key, to which the caller's jobs belong; empty for anybody.
        open_jobs: Unfinished jobs the caller may have; None for any number.
        rate: Jobs the caller may post in a time, such as `60/minute`; None for any number.
    """

    owner: str = ""
    open_jobs: int | None = None
    rate: str | None = None


async def _caller(
    backend: BackendOfApp,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    header: Annotated[str | None, Depends(_HEADER)],
) -> Caller:
    """Find out who calls.

    Raises:
        Unauthorized: The server asks for keys, and this is none of them.
    """
    if backend.keys is None:
        return Caller()
    key = bearer.credentials if bearer else header
    if not key:
        raise Unauthorized
    known = backend.keys.find(key)
    if known is None:
        raise Unauthorized("This API key is none of this server's: it was mistyped, or revoked.")
    settings = backend.settings
    return Caller(known.id, known.open_jobs or settings.open_jobs_per_key, known.rate or settings.rate_per_key)


CallerOfRequest = Annotated[Caller, Depends(_caller)]
