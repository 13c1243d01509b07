"""What the commands that talk to a server share: their options, and the connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.cli.job import FrameFiles
from service.client import Client, Frame

JobId = Annotated[str, typer.Argument(help="Id of the job, as `submit` printed it.", show_default=False)]
Server = Annotated[str, typer.Option(help="Address of the server.", envvar="SEMALIGN_SERVER")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, not text for people.")]
OutputFile = Annotated[Path | None, typer.Option(help="Where to write the result (JSON).", dir_okay=False)]
OverlayDir = Annotated[Path | None, typer.Option(help="Folder for the pictures before and after.", file_okay=False)]
ReportFile = Annotated[
    Path | None, typer.Option(help="Where to write a report: one HTML file with everything.", dir_okay=False)
]
THIS_MACHINE = "http://127.0.0.1:8000"


@contextmanager
def connected(server: str) -> Iterator[Client]:
    """Open a client of a server that answers; from then on it is waited for, should it restart.

    The API key comes from `SEMALIGN_API_KEY` and is no option: other users of this machine can read command lines.

    Raises:
        SemalignError: nobody is there.
    """
    with Client(server) as client:
        client.version()
        yield client


def client_frame(files: FrameFiles) -> Frame:
    """Return a frame as the client takes it."""
    return Frame(files.image, files.point_cloud, files.image_labels, files.point_labels)
