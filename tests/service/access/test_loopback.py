"""A server without keys is for its own machine only."""

import pytest

from service.access.loopback import is_loopback_host, needs_loopback
from service.app import create_app
from worker.settings import Settings


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_addresses_are_told_from_others(host: str, is_loopback: bool) -> None:
    """By what they lead to, names too."""
    assert is_loopback_host(host) is is_loopback


def test_keys_or_the_operators_word_open_the_server(tmp_path) -> None:
    """Either is enough."""
    assert needs_loopback(Settings(data_dir=tmp_path))
    assert not needs_loopback(Settings(data_dir=tmp_path, keys_file=tmp_path / "keys.json"))
    assert not needs_loopback(Settings(data_dir=tmp_path, allow_anonymous=True))


@pytest.mark.parametrize(
    ("server", "host", "is_let_in"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("::1", "[::1]:8000", True),
        ("127.0.0.1", "rebound.example:8000", False),
        ("127.0.0.1", "localhost.example", False),
        ("127.0.0.1", "[", False),
        ("192.168.1.7", "localhost", False),
        ("192.168.1.7", "192.168.1.7", False),
        ("0.0.0.0", "localhost", False),
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
def test_what_comes_from_elsewhere_is_refused(
    tmp_path, answer_of, server: str, host: str, is_let_in: bool, allowed: bool
) -> None:
    """Whichever server runs the app: by the interface, and by the name, which a foreign page may have made its own."""
    app = create_app(Settings(data_dir=tmp_path, allow_anonymous=allowed))
    status, problem = answer_of(app, server=server, host=host)
    if is_let_in or allowed:
        assert status == 200
    else:
        assert (status, problem["type"]) == (403, "loopback-only")
