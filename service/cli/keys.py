"""`semalign keys`: who may use a server, each by a key of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.access.keys import ApiKey, KeysFileError, check_rate, new_key, read_keys, write_keys
from service.cli.errors import EXIT_BAD_INPUT
from service.cli.server import AsJson
from worker.settings import Settings

app = typer.Typer(help="Make, list and revoke API keys; the server notices by itself.", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option(help="File of keys; else the one in SEMALIGN_KEYS_FILE, else one in the data folder.")
]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Who will hold it.")],
    open_jobs: Annotated[int | None, typer.Option(help="Unfinished jobs it may have.", min=1)] = None,
    rate: Annotated[str | None, typer.Option(help="Jobs it may post in a time, such as 60/minute.")] = None,
    file: File = None,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    with _errors_as_sentences():
        path = _path(file)
        if rate is not None:
            check_rate(rate)
        key, kept = new_key(name, open_jobs=open_jobs, rate=rate)
        write_keys(path, (*_read(path), kept))
    typer.echo(key)
    typer.echo(f"This is the only time it is shown. Its hash is in {path}: name that in SEMALIGN_KEYS_FILE.", err=True)


@app.command("list")
def list_keys(file: File = None, as_json: AsJson = False) -> None:
    """Show whose keys there are."""
    with _errors_as_sentences():
        keys = _read(_path(file))
    if as_json:
        shown = ("id", "name", "created_at", "open_jobs", "rate")
        typer.echo(json.dumps([{name: getattr(key, name) for name in shown} for key in keys], indent=1))
        return
    table = Table("id", "name", "made", "open jobs", "rate")
    for key in keys:
        table.add_row(key.id, key.name, key.created_at, str(key.open_jobs or "default"), key.rate or "default")
    Console().print(table)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")], file: File = None) -> None:
    """Revoke a key: its holder is refused from now on, its jobs end and expire as they would have."""
    with _errors_as_sentences():
        path = _path(file)
        keys = _read(path)
        kept = tuple(key for key in keys if key.id != key_id)
        if len(kept) == len(keys):
            raise KeysFileError(f"There is no key {key_id} in {path}: `semalign keys list` shows those there are.")
        write_keys(path, kept)
    typer.echo(f"{key_id} is revoked.")


def _path(file: Path | None) -> Path:
    settings = Settings()
    return file or settings.keys_file or settings.data_dir / "keys.json"


def _read(path: Path) -> tuple[ApiKey, ...]:
    return read_keys(path) if path.exists() else ()


@contextmanager
def _errors_as_sentences() -> Iterator[None]:
    try:
        yield
    except KeysFileError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from error
