"""How many uploads are read at a time: an image takes several times its size in memory, and so does packed data."""

from pathlib import Path

import anyio

_LARGE_BYTES = 8 * 2**20


class Checks:
    """The bound of one process; uploads with a large file take turns, and hold no small one up."""

    def __init__(self, at_once: int) -> None:
        self._small = anyio.CapacityLimiter(at_once)
        self._large = anyio.CapacityLimiter(1)

    def limiter(self, files: list[Path]) -> anyio.CapacityLimiter:
        """Return what bounds the reading of these files, one after the other."""
        is_large = any(file.stat().st_size > _LARGE_BYTES for file in files)
        return self._large if is_large else self._small
