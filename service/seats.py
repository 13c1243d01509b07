"""Requests that are held open until something happens: as many at a time as there are seats."""

import contextlib
from collections.abc import Iterator


class Seats:
    """The seats of one process; its event loop is the only one to take them."""

    def __init__(self, number: int) -> None:
        self._free = number

    @property
    def are_taken(self) -> bool:
        """Whether there is none left."""
        return self._free == 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[bool]:
        """Take a seat for the block, if one is free; say whether it was."""
        if self.are_taken:
            yield False
            return
        self._free -= 1
        try:
            yield True
        finally:
            self._free += 1
