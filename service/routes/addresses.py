"""Addresses of jobs, as paths: they hold behind any host name and proxy prefix."""

from fastapi import Request

from service.schemas import Links


def links_of(request: Request, job_id: str, *, has_overlay: bool) -> Links:
    """Return where the job and its overlay are found."""
    root = request.scope.get("root_path", "")
    job = request.app.url_path_for("job_status", job_id=job_id)
    overlay = request.app.url_path_for("job_overlay", job_id=job_id)
    return Links(self=f"{root}{job}", overlay=f"{root}{overlay}" if has_overlay else None)
