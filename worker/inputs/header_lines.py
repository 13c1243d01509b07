"""Text headers in front of binary points, as PCD and PLY files have them."""

import re
from collections.abc import Iterator

from worker.inputs.source import Data

# A header of a hundred fields takes 2 kB; what goes on longer is no header.
_MAX_HEADER_BYTES = 65536
_WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")


def header_lines(data: Data) -> Iterator[tuple[list[str], int]]:
    """Yield the words of each non-blank line and where the next line starts; LF and CRLF both end a line."""
    start = 0
    while (end := data.find(b"\n", start, _MAX_HEADER_BYTES)) >= 0:
        words = data[start:end].decode("latin-1").split()
        start = end + 1
        if words:
            yield words, start


def is_whole_number(word: str) -> bool:
    """Tell whether a word is a non-negative number that any file could mean (at most 12 digits)."""
    return _WHOLE_NUMBER.fullmatch(word) is not None
