"""The API's own TLS, for those who have no proxy before it."""

import ssl
import sys
import time
from pathlib import Path

import httpx
import pytest
import trustme
from ports import free_port

from worker import child_process


def test_the_server_speaks_tls_by_itself(tmp_path: Path) -> None:
    """Whoever trusts its authority is served, and what is sent in the clear is not answered."""
    authority, certificate, key = trustme.CA(), tmp_path / "chain.pem", tmp_path / "key.pem"
    issued = authority.issue_cert("127.0.0.1")
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    port, files = free_port(), ["--certificate", str(certificate), "--private-key", str(key)]
    server = child_process.start(
        [sys.executable, "-m", "service.cli.serve", "--port", str(port), *files],
        environment={"SEMALIGN_DATA_DIR": str(tmp_path), "SEMALIGN_BROKER_URL": "redis://127.0.0.1:1"},
        log=tmp_path / "log",
    )
    try:
        assert _health(f"https://127.0.0.1:{port}", trusting) == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")
    finally:
        server.stop(5)


def _health(address: str, trusting: ssl.SSLContext) -> int:
    deadline = time.monotonic() + 60
    while True:
        try:
            return httpx.get(f"{address}/healthz", verify=trusting).status_code
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
