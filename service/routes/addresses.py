"""Addresses of jobs, as paths: they hold behind any host name and proxy prefix."""

import functools

from fastapi import FastAPI, Request

from service.schemas import Links


def links_of(request: Request, job_id: str, *, has_overlay: bool) -> Links:
    """Return where the job, its events and its overlay are found."""
    overlay = address_of(request, "job_overlay", job_id=job_id)
    return Links(
        self=address_of(request, "job_status", job_id=job_id),
        events=address_of(request, "job_event_stream", job_id=job_id),
        overlay=overlay if has_overlay else None,
    )


def address_of(request: Request, endpoint: str, **path: str) -> str:
    """Return where an endpoint is found, by the name of its function."""
    template = _template(request.app, endpoint, tuple(path))
    return f"{request.scope.get('root_path', '')}{template.format(**path)}"


@functools.lru_cache(maxsize=64)
def _template(app: FastAPI, endpoint: str, names: tuple[str, ...]) -> str:
    """Return the path with its parameters in braces; looking for it takes a sixth of a status poll."""
    return str(app.url_path_for(endpoint, **{name: f"{{{name}}}" for name in names}))
