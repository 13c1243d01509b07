"""`semalign models`: the networks there are, their terms, their files on this machine, and whether they run."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from models import store
from models.cards.folder import CardFile, read_card
from models.catalogue import CATALOGUE, CatalogueEntry, ModelFile, get_entry
from models.errors import ModelError
from models.hub import pull_checkpoint
from models.lookup import find_model
from models.settings import StoreSettings
from service.cli.errors import errors_as_sentences
from service.cli.model_description import ModelDescription, describe, describe_all
from service.cli.server import AsJson

app = typer.Typer(help="List, fetch and check networks: those of the catalogue, and your own.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a model, as `semalign models list` gives it.")]
NameOrCard = Annotated[str, typer.Argument(help="Name of a model, or the path of a card.", metavar="NAME|CARD")]


@app.command("list")
def list_models(
    as_json: AsJson = False,
) -> None:
    """List the networks and say which are on this machine."""
    described = describe_all(StoreSettings())
    if as_json:
        typer.echo(json.dumps([model.as_json() for model in described], indent=2))
        return
    table = Table(Column("name", no_wrap=True), "of", "size", "here", Column("use", no_wrap=True))
    for model in described:
        size = f"{model.size / 1e6:.1f} MB" if model.size else ""
        here = "yes" if model.folder else "no"
        table.add_row(model.name, model.modality, size, "broken" if model.problem else here, model.use)
    Console().print(table)
    for model in described:
        if model.problem:
            typer.echo(model.problem, err=True)


@app.command()
def show(name: NameOrCard, as_json: AsJson = False) -> None:
    """Show where a network comes from, its terms, its classes and what it expects."""
    with errors_as_sentences():
        model = describe(_find(name), StoreSettings())
    if as_json:
        typer.echo(json.dumps(model.as_json(), indent=2))
        return
    table = Table(show_header=False, title=model.name, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in _rows(model):
        table.add_row(title, text)
    Console().print(table)


@app.command()
def pull(
    name: Name,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Fetch it although its terms rule out commercial use.")
    ] = False,
) -> None:
    """Fetch a network's files from the mirror or their public source, and check them."""
    with errors_as_sentences():
        model, console = find_model(name), Console()
        described = describe(model, StoreSettings())
        console.print(f"{name}: {described.licence}, from {described.source}.")
        console.print(described.terms)
        if isinstance(model, CardFile):
            console.print(f"{name} is at {pull_checkpoint(model, accept_terms=accept_terms)}.")
            return
        _pull_with_progress(model, console, accept_terms)
        console.print(f"{name} is at {describe(model, StoreSettings()).folder}, checked.")


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


@app.command()
def check(
    name: NameOrCard,
    image: Annotated[
        Path | None,
        typer.Option(help="PNG or JPEG to try it on; a rendered street if left out.", exists=True, dir_okay=False),
    ] = None,
    point_cloud: Annotated[
        Path | None, typer.Option(help="LiDAR sweep to try it on; likewise.", exists=True, dir_okay=False)
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda or cuda:N.")] = "cpu",
) -> None:
    """Run a network on a sample; print the classes it finds and the time it takes."""
    from service.cli.model_check import run_check

    with errors_as_sentences():
        run_check(_find(name), image, point_cloud, device, Console())


def _find(name: str) -> CatalogueEntry | CardFile:
    """Return a network by its name, or by the path of its card: whoever types a path here may read it."""
    path = Path(name)
    return read_card(path) if path.suffix in {".yaml", ".yml"} else find_model(name)


def _rows(model: ModelDescription) -> list[tuple[str, str]]:
    """Return what is shown of a network, title and text."""
    names = model.classes
    rows = [
        ("what", model.summary),
        ("segments", model.modality),
        ("format", model.format),
        ("source", model.source),
        *_file_rows(model.name),
        ("licence", model.licence),
        ("training data", model.terms),
        ("use", model.use),
        ("classes", "those of the checkpoint" if names is None else ", ".join(f"{i} {n}" for i, n in names.items())),
        ("aligned under their own name", ", ".join(model.unmatched_classes)),
        ("input", model.input),
        ("sensor", model.sensor),
        ("on this machine", model.folder or "no"),
    ]
    return [(title, text) for title, text in rows if text]


def _file_rows(name: str) -> list[tuple[str, str]]:
    files = CATALOGUE[name].files if name in CATALOGUE else ()
    return [
        ("file", f"{file.name}, {file.size} bytes\n{file.url or 'in the package'}\nSHA-256 {file.sha256}")
        for file in files
    ]


def _pull_with_progress(entry: CatalogueEntry, console: Console, accept_terms: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:
        tasks = {file: progress.add_task(file.name, total=file.size, visible=False) for file in entry.files}

        def report(file: ModelFile, received: int) -> None:
            progress.update(tasks[file], completed=received, visible=True)

        store.pull(entry, on_bytes=report, accept_terms=accept_terms)
