"""API keys: made, kept as hashes, found, and revoked while the server runs."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.access.keys import KeyRing, KeysFileError, new_key, read_keys, write_keys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a file of keys goes."""
    return tmp_path / "new-folder" / "keys.json"


def test_a_key_is_found_by_its_text_alone(file: Path) -> None:
    """Of two keys each is its own, and a changed letter makes it none."""
    (text, kept), (other_text, other) = new_key("a"), new_key("b", open_jobs=3, rate="1/second")
    write_keys(file, (kept, other))
    ring = KeyRing(file)
    assert (ring.find(text), ring.find(other_text)) == (kept, other)
    last = "A" if text[-1] != "A" else "B"
    assert ring.find(text[:-1] + last) is None
    assert ring.find(f"semalign_{kept.id}_{other_text[-43:]}") is None
    assert [ring.find(nonsense) for nonsense in ("", "semalign", "ü" * 3, kept.sha256, text + " ")] == [None] * 5


def test_keys_are_hashed_at_rest_and_private(file: Path) -> None:
    """The file holds nothing that would let anyone in, and is for its user only."""
    text, kept = new_key("a")
    write_keys(file, (kept,))
    assert text[-43:] not in file.read_text()
    assert json.loads(file.read_text())["keys"][0]["sha256"] == kept.sha256
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_are_never_the_same_twice() -> None:
    """Each has 32 random bytes of its own."""
    assert len({new_key("a")[0] for _ in range(100)}) == 100


def test_the_file_is_read_again_when_it_changes(file: Path) -> None:
    """A revoked key is refused at once, a new one let in."""
    (text, kept), (new_text, new) = new_key("a"), new_key("b")
    write_keys(file, (kept,))
    ring = KeyRing(file)
    assert ring.find(text) == kept
    write_keys(file, (new,))
    assert (ring.find(text), ring.find(new_text)) == (None, new)


@pytest.mark.parametrize("content", [None, "", "[]", '{"keys": [{"id": "x"}]}', '{"keys": 3}'])
def test_a_file_that_cannot_be_used_lets_nobody_in(file: Path, content: str | None) -> None:
    """It fails with a sentence, it does not count as a server without keys."""
    if content is not None:
        file.parent.mkdir()
        file.write_text(content)
    with pytest.raises(KeysFileError, match="keys"):
        KeyRing(file).find(new_key("a")[0])
    with pytest.raises(KeysFileError):
        read_keys(file)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"rate": "often"}, "60/minute"), ({"rate": 5}, "60/minute"), ({"open_jobs": 0}, "open_jobs"), ({"id": 1}, "id")],
)
def test_a_file_written_by_hand_is_checked_when_it_is_read(file: Path, changed: dict[str, Any], said: str) -> None:
    """And not by the first caller whose bound says nothing."""
    write_keys(file, (replace(new_key("a")[1], **changed),))
    with pytest.raises(KeysFileError, match=said):
        read_keys(file)
