"""The server around the application: uvicorn, with slow clients cut off."""

from pathlib import Path

import uvicorn

from service.app import create_app
from service.http_protocol import guarded_protocol
from worker.logs import configure_logging
from worker.settings import Settings

# Event streams end with the server, not the server with the last event stream.
_SHUTDOWN_GRACE_S = 5


def run_server(
    settings: Settings,
    *,
    host: str,
    port: int,
    root_path: str = "",
    forwarded_allow_ips: str = "127.0.0.1",
    certificate: Path | None = None,
    private_key: Path | None = None,
) -> None:
    """Serve the application until SIGTERM or Ctrl-C.

    Args:
        settings: What the operator chose.
        host: Address to listen on.
        port: Port to listen on.
        root_path: Prefix under which a proxy shows the service, such as `/calibration`.
        forwarded_allow_ips: Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, with commas between.
        certificate: TLS certificate chain, PEM; None serves plain HTTP.
        private_key: Its private key, PEM.
    """
    configure_logging(settings)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        root_path=root_path,
        forwarded_allow_ips=forwarded_allow_ips,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
        http=guarded_protocol(settings.header_timeout_s),
        ws="none",
        access_log=False,
        log_config=None,  # its own would print crashes as they are, and past our format
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
    )
