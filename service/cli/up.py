"""`semalign up`: broker, worker and API on this machine, each a process of its own."""

import contextlib
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Annotated

import httpx
import typer

from service.cli.serve import refuse_strangers
from worker import child_process
from worker.broker import BrokerError, running_broker
from worker.child_process import Child
from worker.dispatch import Dispatcher
from worker.errors import BrokerUnavailable
from worker.settings import Settings

_START_TIMEOUT_S = 180.0  # importing torch from a cold disk takes its time
_API_GRACE_S = 10.0
_KILL_MARGIN_S = 10.0


class _Stop(Exception):  # noqa: N818 - the user's wish, no error
    """Ctrl-C or SIGTERM."""


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    concurrency: Annotated[int, typer.Option(help="Worker processes, each with its own models.", min=1)] = 1,
) -> None:
    """Run the whole service here until Ctrl-C: embedded broker, worker and API.

    What was queued is kept in the data folder and goes on with the next start.
    """
    settings = Settings()
    refuse_strangers(host, settings)
    _refuse_port_in_use(host, port)
    with _stop_on_signals(), contextlib.ExitStack() as stack:
        try:
            _run(stack, settings, host, port, concurrency)
        except BrokerError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        except _Stop:
            typer.echo(f"Stopping; a running job has {settings.shutdown_grace_s:g} s, then waits for the next start.")


def _run(stack: contextlib.ExitStack, settings: Settings, host: str, port: int, concurrency: int) -> None:
    """Start the three processes and watch over them; leaving `stack` stops them in reverse order."""
    environment = {"SEMALIGN_BROKER_URL": stack.enter_context(running_broker(settings))}
    worker = _start(stack, _worker_command(concurrency), environment, settings.shutdown_grace_s + _KILL_MARGIN_S)
    api = _start(stack, _api_command(host, port), environment, _API_GRACE_S)
    url = f"http://{host}:{port}"
    _wait_until_ready(url, settings, worker, api)
    typer.echo(f"semalign is ready at {url} (API description at {url}/docs). Ctrl-C stops it.")
    _wait_for_end(worker, api)


def _refuse_port_in_use(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            typer.echo(f"Cannot listen on {host}:{port} ({error.strerror}): choose another with --port.", err=True)
            raise typer.Exit(1) from error


def _worker_command(concurrency: int) -> list[str]:
    options = ["--concurrency", str(concurrency), "--hostname", "semalign@%h", "--without-mingle", "--without-gossip"]
    return [sys.executable, "-m", "celery", "--quiet", "--app", "worker.tasks", "worker", *options]


def _api_command(host: str, port: int) -> list[str]:
    return [sys.executable, "-m", "service.cli.serve", "--host", host, "--port", str(port)]


def _start(stack: contextlib.ExitStack, command: list[str], environment: dict[str, str], grace_s: float) -> Child:
    """Start a process that is stopped when `stack` is left, before those that were started earlier."""
    # SIGTERM to a worker then means: hand the running job back after the grace.
    process = child_process.start(command, environment={**environment, "REMAP_SIGTERM": "SIGQUIT"})
    stack.callback(process.stop, grace_s)
    return process


def _wait_until_ready(url: str, settings: Settings, worker: Child, api: Child) -> None:
    dispatcher = Dispatcher(settings)
    deadline = time.monotonic() + _START_TIMEOUT_S
    try:
        while not (_api_is_ready(url) and _worker_is_ready(dispatcher)):
            _refuse_to_go_on_without(worker, api)
            if time.monotonic() > deadline:
                typer.echo(f"The service was not ready after {_START_TIMEOUT_S:.0f} s: its log is above.", err=True)
                raise typer.Exit(1)
            time.sleep(0.2)
    finally:
        dispatcher.close()


def _api_is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _worker_is_ready(dispatcher: Dispatcher) -> bool:
    try:
        return bool(dispatcher.workers())
    except BrokerUnavailable:
        return False


def _wait_for_end(worker: Child, api: Child) -> None:
    while True:
        _refuse_to_go_on_without(worker, api)
        time.sleep(0.5)


def _refuse_to_go_on_without(worker: Child, api: Child) -> None:
    for name, process in (("worker", worker), ("API", api)):
        if not process.is_alive:
            typer.echo(f"The {name} has ended: its log is above. Stopping the rest.", err=True)
            raise typer.Exit(1)


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `_Stop`; further ones do not disturb the stopping."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(_: int, __: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise _Stop

    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
