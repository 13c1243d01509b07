"""`semalign keys` and `semalign serve`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.access.keys import KeyRing
from service.cli.main import app


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of keys that the environment names."""
    path = tmp_path / "keys.json"
    monkeypatch.setenv("SEMALIGN_KEYS_FILE", str(path))
    monkeypatch.setenv("SEMALIGN_DATA_DIR", str(tmp_path))
    return path


def _semalign(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_new_key_is_printed_once_and_opens_the_server(file: Path) -> None:
    """On standard output alone, so that it can go to a file; its bounds are kept."""
    made = _semalign("keys", "new", "fleet uploader", "--rate", "60/minute", "--open-jobs", "5")
    assert made.exit_code == 0
    known = KeyRing(file).find(made.stdout.strip())
    assert known is not None
    assert (known.name, known.rate, known.open_jobs) == ("fleet uploader", "60/minute", 5)
    listed = _semalign("keys", "list").output
    assert known.id in listed
    assert made.stdout.strip() not in listed


def test_a_revoked_key_is_gone_and_the_others_stay(file: Path) -> None:
    """By its id."""
    ann, bob = (_semalign("keys", "new", name).stdout.strip() for name in ("ann", "bob"))
    ring = KeyRing(file)
    known = ring.find(ann)
    assert known is not None
    assert _semalign("keys", "revoke", known.id).exit_code == 0
    assert ring.find(ann) is None
    assert ring.find(bob) is not None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("new", "ann", "--rate", "often"), "60/minute"),
        (("revoke", "0"), "keys list"),
        (("new", "ann", "--open-jobs", "0"), "--open-jobs"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(file: Path, words: tuple[str, ...], sentence: str) -> None:
    """With exit status 2, and no key is made."""
    refused = _semalign("keys", *words)
    assert refused.exit_code == 2
    assert sentence in refused.output
    assert not file.exists()


def test_a_file_that_is_none_is_not_overwritten(file: Path) -> None:
    """It may be something else of value."""
    file.write_text("not keys")
    assert _semalign("keys", "new", "ann").exit_code == 2
    assert file.read_text() == "not keys"


@pytest.mark.parametrize("command", ["serve", "up"])
def test_no_server_without_keys_starts_where_others_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The sentence names both ways out."""
    monkeypatch.delenv("SEMALIGN_KEYS_FILE", raising=False)
    monkeypatch.setenv("SEMALIGN_DATA_DIR", str(tmp_path))
    refused = _semalign(command, "--host", "0.0.0.0")
    assert refused.exit_code == 2
    assert "SEMALIGN_KEYS_FILE" in refused.output
    assert "SEMALIGN_ALLOW_ANONYMOUS" in refused.output


@pytest.mark.parametrize("command", ["serve", "up"])
def test_no_server_starts_whose_keys_cannot_be_read(file: Path, command: str) -> None:
    """Nobody could use it, and it would look healthy."""
    refused = _semalign(command)
    assert refused.exit_code == 2
    assert f"Error: The file of API keys {file} cannot be read" in refused.stderr


@pytest.mark.parametrize("given", ["--certificate", "--private-key"])
def test_half_of_what_tls_needs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """The sentence names both files."""
    monkeypatch.delenv("SEMALIGN_KEYS_FILE", raising=False)
    monkeypatch.setenv("SEMALIGN_DATA_DIR", str(tmp_path))
    (tmp_path / "file.pem").write_text("")
    refused = _semalign("serve", given, str(tmp_path / "file.pem"))
    assert refused.exit_code == 2
    assert "both --certificate and --private-key" in refused.stderr
