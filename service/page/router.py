"""Where the page's files are served, with the policy that browsers hold them to."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from service.problems import NotFound

_FOLDER: Final = Path(__file__).parent
_FOLDERS: Final = ("static", "vendor", "sample")
# Nothing from elsewhere and nothing inline. Pictures of jobs are fetched with the caller's key and shown as blobs.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Swagger UI has its pictures inside its style sheet.
_POLICY_OF_DOCS: Final = _POLICY.replace("img-src 'self' blob:", "img-src 'self' data:")
# Kept, but asked for every time: a new version is seen at once, and what is unchanged is not sent again.
_CACHING: Final = {"Cache-Control": "no-cache"}
_MEDIA_TYPES: Final = {".js": "text/javascript", ".npy": "application/octet-stream", ".laz": "application/octet-stream"}

router = APIRouter(include_in_schema=False)
IfNoneMatch = Annotated[str, Header()]


@router.get("/")
def page(if_none_match: IfNoneMatch = "") -> Response:
    """Show the page."""
    return _answer(_FOLDER / "static" / "index.html", if_none_match)


@router.get("/docs")
def docs(if_none_match: IfNoneMatch = "") -> Response:
    """Show the description of the HTTP interface, and try it."""
    return _answer(_FOLDER / "static" / "docs.html", if_none_match, _POLICY_OF_DOCS)


@router.get("/page/{folder}/{name}")
def page_file(folder: str, name: str, if_none_match: IfNoneMatch = "") -> Response:
    """Return one of the page's files."""
    if folder not in _FOLDERS or name not in {path.name for path in (_FOLDER / folder).iterdir()}:
        raise NotFound
    return _answer(_FOLDER / folder / name, if_none_match)


def _answer(path: Path, if_none_match: str, policy: str = _POLICY) -> Response:
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_CACHING, "Content-Security-Policy": policy, "ETag": tag}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(content, media_type=_MEDIA_TYPES.get(path.suffix, guessed), headers=headers)
