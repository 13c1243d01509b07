"""Compose the `semalign` command from its subcommands."""

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from service.cli import (
    batch,
    bench,
    calibrate,
    convert,
    demo,
    evaluate,
    keys,
    models,
    remote,
    render,
    report,
    serve,
    up,
)
from worker.version import __version__


class _Commands(TyperGroup):
    """All commands; what cannot be used as an option is said without the words of the library that found it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="semalign",
    cls=_Commands,
    help="Calibrate a camera to a LiDAR from ordinary driving data.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(demo.demo)
app.command()(calibrate.calibrate)
for _command in (
    remote.submit,
    remote.watch,
    remote.result,
    remote.jobs,
    remote.cancel,
    evaluate.evaluate,
    remote.export,
    report.report,
    batch.batch,
):
    app.command(rich_help_panel="Jobs on a server")(_command)
app.command()(convert.convert)
app.command()(up.up)
app.command()(serve.serve)
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.command()(render.render)
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"semalign {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options of the command as a whole."""


def main() -> None:
    """Run the command line."""
    # Threads of torch that spin while they wait take the cores from each other wherever something else runs too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    app()
