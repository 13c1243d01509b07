"""`semalign serve`: the API alone, for machines where workers and broker run elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from worker.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    root_path: Annotated[str, typer.Option(help="Prefix under which a proxy shows the service.")] = "",
    forwarded_allow_ips: Annotated[
        str, typer.Option(help="Proxies whose X-Forwarded-For and -Proto are believed.", envvar="FORWARDED_ALLOW_IPS")
    ] = "127.0.0.1",
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM.", exists=True)] = None,
    private_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.", exists=True)] = None,
) -> None:
    """Run the API alone; workers and broker are started elsewhere."""
    settings = Settings()
    refuse_strangers(host, settings)
    refuse_unusable_keys(settings)
    refuse_half_a_pair(certificate, private_key)
    from service.server import run_server

    run_server(
        settings,
        host=host,
        port=port,
        root_path=root_path,
        forwarded_allow_ips=forwarded_allow_ips,
        certificate=certificate,
        private_key=private_key,
    )


def refuse_strangers(host: str, settings: Settings) -> None:
    """End the command where other machines could reach a server that asks nobody for a key.

    Raises:
        typer.Exit: They could.
    """
    # Other commands do without the server, which takes a second to load.
    from service.access.loopback import is_loopback_host, needs_loopback

    if not needs_loopback(settings) or is_loopback_host(host):
        return
    typer.echo(
        f"Error: {host} can be reached from other machines, and there are no API keys: make some with `semalign keys "
        "new`, name their file in SEMALIGN_KEYS_FILE, and start again. Where a network or a proxy guards this server, "
        "set SEMALIGN_ALLOW_ANONYMOUS=1 instead.",
        err=True,
    )
    raise typer.Exit(2)


def refuse_unusable_keys(settings: Settings) -> None:
    """End the command where the file of API keys cannot be used: a server without it would fail at every request.

    Raises:
        typer.Exit: It cannot.
    """
    from service.access.keys import KeysFileError, read_keys

    if settings.keys_file is None:
        return
    try:
        read_keys(settings.keys_file)
    except KeysFileError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error


def refuse_half_a_pair(certificate: Path | None, private_key: Path | None) -> None:
    """End the command where TLS was asked for with one of its two files.

    Raises:
        typer.Exit: One is missing.
    """
    if (certificate is None) == (private_key is None):
        return
    typer.echo("Error: TLS needs both --certificate and --private-key: give the other one too, or none.", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    # Containers start it this way: it loads nothing that the other commands need.
    typer.run(serve)
