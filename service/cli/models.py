"""`semalign models`: the pretrained networks, their terms, and their files on this machine."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from models import store
from models.catalogue import CATALOGUE, CatalogueEntry, ModelFile, get_entry
from models.errors import ModelError
from service.cli.errors import errors_as_sentences

app = typer.Typer(help="List, fetch and check the pretrained networks.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a model, as `semalign models list` gives it.")]


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the models and say which are on this machine."""
    if as_json:
        typer.echo(json.dumps([_describe(entry) for entry in CATALOGUE.values()], indent=2))
        return
    table = Table(Column("name", no_wrap=True), "segments", "size", "here", "use")
    for entry in CATALOGUE.values():
        folder = _folder(entry)
        use = "non-commercial" if entry.non_commercial else "any"
        here = "yes" if folder else "no"
        table.add_row(entry.name, entry.modality, _megabytes(entry.size), here, use)
    Console().print(table)


@app.command()
def show(name: Name) -> None:
    """Show where a model comes from, its terms, its classes and what it expects."""
    with errors_as_sentences():
        entry = get_entry(name)
    table = Table(show_header=False, title=entry.name, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("what", entry.summary)
    table.add_row("segments", entry.modality)
    table.add_row("source", entry.source)
    for file in entry.files:
        table.add_row("file", f"{file.name}, {file.size} bytes\n{file.url}\nSHA-256 {file.sha256}")
    table.add_row("code licence", entry.code_licence)
    table.add_row("training data", entry.training_data_terms)
    table.add_row("classes", ", ".join(f"{index} {label}" for index, label in entry.class_names.items()))
    table.add_row("preprocessing", entry.preprocessing)
    table.add_row("sensor", entry.sensor)
    table.add_row("on this machine", _folder(entry) or "no")
    Console().print(table)


@app.command()
def pull(name: Name) -> None:
    """Fetch a model's files from the mirror or their public source, and check them."""
    with errors_as_sentences():
        entry = get_entry(name)
        console = Console()
        console.print(f"{entry.name}: code {entry.code_licence}, from {entry.source}.")
        console.print(entry.training_data_terms)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=console) as progress:
            tasks = {file: progress.add_task(file.name, total=file.size, visible=False) for file in entry.files}

            def report(file: ModelFile, received: int) -> None:
                progress.update(tasks[file], completed=received, visible=True)

            store.pull(entry, on_bytes=report)
        console.print(f"{entry.name} is at {_folder(entry)}, checked.")


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Name of a model; all on this machine if left out.")] = None,
) -> None:
    """Check the content of a model's files against the catalogue."""
    with errors_as_sentences():
        chosen = [get_entry(name)] if name else [entry for entry in CATALOGUE.values() if store.locate(entry)]
    if not chosen:
        typer.echo("No model is on this machine.")
    failed = False
    for entry in chosen:
        try:
            store.read(entry)
            typer.echo(f"{entry.name}: good")
        except ModelError as error:
            failed = True
            typer.echo(f"{entry.name}: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def _describe(entry: CatalogueEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "modality": entry.modality,
        "summary": entry.summary,
        "source": entry.source,
        "size": entry.size,
        "code_licence": entry.code_licence,
        "training_data_terms": entry.training_data_terms,
        "non_commercial": entry.non_commercial,
        "classes": list(entry.class_names.values()),
        "folder": _folder(entry),
    }


def _folder(entry: CatalogueEntry) -> str | None:
    """Return the folder of a model's files, or None while any is missing."""
    paths = store.locate(entry)
    return str(next(iter(paths.values())).parent) if paths else None


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
