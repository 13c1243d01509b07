"""Tables in markdown."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "-"
"""What stands in a cell where there is no number."""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table; the first column holds words, the others numbers.

    Raises:
        ValueError: a row has another number of cells than there are headings.
    """
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    lines = [_line(cells) for cells in (headings, rule, *rows)]
    if any(len(row) != len(headings) for row in rows):
        raise ValueError(f"every row needs {len(headings)} cells")
    return "\n".join(lines)


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with so many decimals, or a dash where there is none."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """Write a share in per cent, or a dash where there is none."""
    return NOTHING if value is None else f"{value:.0%}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
