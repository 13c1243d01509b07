"""Compose the `semalign` command from its subcommands."""

import typer

from service.cli import models, render, up
from worker.version import __version__

app = typer.Typer(
    name="semalign",
    help="Calibrate a camera to a LiDAR from ordinary driving data.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(models.app, name="models")
app.command("render")(render.render)
app.command("up")(up.up)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()
