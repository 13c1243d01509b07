"""The folder in which one API process receives uploads, on disk and not in memory."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_PREFIX: Final = "semalign-uploads-"


class Spool:
    """A folder of this process, among those of other API processes on this machine.

    It is locked as long as the process lives, so that the next one to start finds out which of them belong to nobody:
    a process that is killed leaves what it was receiving, and nobody else would delete it.
    """

    def __init__(self) -> None:
        """Delete what killed processes left, and make the folder."""
        _delete_abandoned(Path(tempfile.gettempdir()))
        draft = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}"))
        self._lock = os.open(draft, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # It gets its name when it is locked: before that it would pass for abandoned.
        self.path: Final = draft.rename(draft.with_name(draft.name.removeprefix(".")))

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _delete_abandoned(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or deleted by another process just now
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
