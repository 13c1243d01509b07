"""API keys: made here, and kept only as hashes, in a file of their own.

A key is 32 random bytes, so that one round of SHA-256 keeps it: there is nothing to guess, and so no need to hash
slowly. Its id is no secret: it finds the hash to compare with, marks the jobs of the key, and names it in logs.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from limits import parse

_KEY = re.compile(r"semalign_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NO_DIGEST = "0" * 64


class KeysFileError(ValueError):
    """The file of keys cannot be used."""


@dataclass(frozen=True)
class ApiKey:
    """What is kept of one key.

    Attributes:
        id: 12 hexadecimal digits; the owner of the jobs that come with the key.
        name: The operator's name for whoever holds it.
        sha256: Hash of the whole key, hexadecimal.
        created_at: ISO 8601, UTC.
        open_jobs: Unfinished jobs it may have; None for the server's own number.
        rate: Jobs it may post in a time, such as `60/minute`; None for the server's own.
    """

    id: str
    name: str
    sha256: str
    created_at: str
    open_jobs: int | None = None
    rate: str | None = None


def new_key(name: str, *, open_jobs: int | None = None, rate: str | None = None) -> tuple[str, ApiKey]:
    """Make a key; return it as its holder sends it, which is known at this moment only, and what is kept of it."""
    key_id = secrets.token_hex(6)
    key = f"semalign_{key_id}_{secrets.token_urlsafe(32)}"
    kept = ApiKey(key_id, name, _digest(key), datetime.now(UTC).isoformat(timespec="seconds"), open_jobs, rate)
    return key, kept


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """Read a file of keys.

    Raises:
        KeysFileError: It cannot be read, or is none.
    """
    try:
        keys = tuple(ApiKey(**fields) for fields in json.loads(path.read_text())["keys"])
    except OSError as error:
        raise KeysFileError(
            f"The file of API keys {path} cannot be read ({error.strerror}): check its path."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise KeysFileError(f"{path} is no file of API keys: make one with `semalign keys new`.") from error
    for key in keys:
        _check_key(key, path)
    return keys


def write_keys(path: Path, keys: tuple[ApiKey, ...]) -> None:
    """Write a file of keys, readable by this user only, whole or not at all.

    Raises:
        KeysFileError: It cannot be written.
    """
    text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes it with mode 0600.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
        Path(draft).replace(path)
    except OSError as error:
        raise KeysFileError(f"{path} cannot be written ({error.strerror}): choose another place.") from error


def check_rate(rate: str) -> None:
    """See that a rate is one.

    Raises:
        KeysFileError: It is none.
    """
    try:
        parse(rate)
    except ValueError as error:
        raise KeysFileError(f"{rate} is no rate: write a number and a time, such as 60/minute.") from error


def _check_key(key: ApiKey, path: Path) -> None:
    """See that a key can be used; its file may have been written by hand.

    Raises:
        KeysFileError: It cannot.
    """
    if not all(isinstance(each, str) for each in (key.id, key.name, key.sha256)):
        raise KeysFileError(f"{path} has a key whose id, name or sha256 is no text: make one with `semalign keys new`.")
    if key.open_jobs is not None and not (type(key.open_jobs) is int and key.open_jobs > 0):
        raise KeysFileError(f"open_jobs of key {key.id} in {path} must be a number above 0, or null.")
    if key.rate is not None:
        check_rate(str(key.rate))


class KeyRing:
    """The keys of a file, read again whenever it changes: keys are made and revoked while the server runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._by_id: dict[str, ApiKey] = {}

    def find(self, key: str) -> ApiKey | None:
        """Return what is kept of a key that someone sent, or None if it is no key of this server.

        Raises:
            KeysFileError: The file cannot be used.
        """
        self._reload()
        match = _KEY.fullmatch(key)
        known = self._by_id.get(match[1]) if match else None
        # Always one comparison, in constant time, whether the id is known or not.
        matches = hmac.compare_digest(_digest(key), known.sha256 if known else _NO_DIGEST)
        return known if known and matches else None

    def knows(self, key_id: str) -> bool:
        """Return whether a key that was let in before is still one of this server's; not where the file is unusable."""
        try:
            self._reload()
        except KeysFileError:
            return False
        return key_id in self._by_id

    def check(self) -> None:
        """See that the file can be used.

        Raises:
            KeysFileError: It cannot.
        """
        self._reload()

    def _reload(self) -> None:
        try:
            status = self._path.stat()
        except OSError as error:
            raise KeysFileError(f"The file of API keys {self._path} cannot be read ({error.strerror}).") from error
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._by_id = {key.id: key for key in read_keys(self._path)}
            self._stamp = stamp


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
