"""`semalign up`: broker, workers and API on this machine, each a process of its own."""

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from types import FrameType
from typing import Annotated

import typer

from service.cli.serve import refuse_strangers, refuse_unusable_keys
from worker.broker import BrokerError
from worker.local_stack import LocalStack, StackError
from worker.settings import Settings


class _Stop(Exception):  # noqa: N818 - the user's wish, no error
    """Ctrl-C or SIGTERM."""


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int, typer.Option(help="Workers, each with its own models: with SEMALIGN_DEVICE=cuda one for each GPU.", min=1)
    ] = 1,
) -> None:
    """Run the whole service here until Ctrl-C: embedded broker, workers and API.

    What was queued is kept in the data folder and goes on with the next start.
    """
    settings = Settings()
    refuse_strangers(host, settings)
    refuse_unusable_keys(settings)
    _refuse_port_in_use(host, port)
    grace = f"a running job has {settings.shutdown_grace_s:g} s, then waits for the next start"
    with _stop_on_signals(f"Stopping: {grace}."):
        try:
            with LocalStack(settings, host=host, port=port, workers=workers) as stack:
                typer.echo(f"semalign is ready at {stack.url} (API description at {stack.url}/docs). Ctrl-C stops it.")
                _wait_for_end(stack)
        except (BrokerError, StackError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        except _Stop:
            return


def _wait_for_end(stack: LocalStack) -> None:
    while True:
        for sentence in stack.mend():
            typer.echo(sentence, err=True)
        time.sleep(0.5)


def _refuse_port_in_use(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            typer.echo(f"Cannot listen on {host}:{port} ({error.strerror}): choose another with --port.", err=True)
            raise typer.Exit(1) from error


@contextlib.contextmanager
def _stop_on_signals(message: str) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `_Stop`, with a message; further ones do not disturb the stopping."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(_: int, __: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        typer.echo(message)
        raise _Stop

    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
