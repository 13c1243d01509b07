"""The rows of the table: each measured number with what is required of it, what is hoped for, and what is possible."""

from __future__ import annotations

import math
from dataclasses import dataclass

TIMES = "x"


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
        name: what was measured.
        value: the number, in `unit`.
        unit: `s`, `ms`, `x` or another.
        required: the bound that it has to keep, if any.
        goal: the bound that it is meant to reach, if any.
        at_least: whether these are bounds from below.
        note: what must be known to read it.
    """

    name: str
    value: float
    unit: str
    required: float | None = None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> str:
        """Return `goal`, `required` or `missed`, by the best bound that is kept; empty where there is none."""
        if self.required is None and self.goal is None:
            return ""
        if self.goal is not None and self._keeps(self.goal):
            return "goal"
        return "required" if self.required is not None and self._keeps(self.required) else "missed"

    def _keeps(self, bound: float) -> bool:
        return self.value >= bound if self.at_least else self.value <= bound

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the row of the table: name, value, both bounds, what is met, and the note."""
        bounds = [
            ("at least " if self.at_least else "at most ") + shown(b, self.unit) if b else "" for b in self._bounds
        ]
        met = "**missed**" if self.met == "missed" else self.met
        return self.name, shown(self.value, self.unit), *bounds, met, self.note

    @property
    def _bounds(self) -> tuple[float | None, float | None]:
        return self.required, self.goal


HEADINGS = ("", "measured", "required", "goal", "met", "")


def shown(value: float, unit: str) -> str:
    """Write a number with three significant digits, or as many as it has before the point, and its unit."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{digits}f} {unit}".strip()


def seconds_shown(seconds: float) -> str:
    """Write seconds in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return shown(seconds / size, unit)
    return shown(seconds * 1e9, "ns")
