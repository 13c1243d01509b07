"""What a server hands out as files."""

import re
from dataclasses import dataclass

import httpx

_NAME = re.compile(r'filename="([\w.-]+)"')


@dataclass(frozen=True)
class ExportedFile:
    """A result as the calibration file of another tool.

    Attributes:
        name: What the server calls it, without a folder.
        content: Its bytes; a zip archive where the format has several files.
    """

    name: str
    content: bytes


def exported_file(response: httpx.Response) -> ExportedFile:
    """Take the file out of an answer."""
    name = _NAME.search(response.headers.get("Content-Disposition", ""))
    return ExportedFile(name[1] if name else "calibration", response.content)
