"""The figures of the service as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured number, and the bound it is meant to keep, if any."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """Return the bound in words; empty without one."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else ""

    @property
    def holds(self) -> bool | None:
        """Return whether the bound is kept; None without one."""
        if not self.target:
            return None
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    @property
    def shown(self) -> str:
        """Return the value with three significant digits, and whole where it has more, with its unit."""
        digits = max(0, 2 - math.floor(math.log10(abs(self.value)))) if self.value else 0
        return f"{self.value:,.{digits}f} {self.unit}".strip()


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def figures_of(results: dict[str, Any]) -> list[Figure]:
    """Return the figures of what `measure` returned, or of the file it was written to."""
    return [Figure(**fields) for fields in results["figures"]]


def markdown(results: dict[str, Any]) -> str:
    """Write the figures as a table for `docs/`."""
    rows = ["| | measured | meant to be | |", "|---|---|---|---|"]
    for figure in figures_of(results):
        verdict = {True: "holds", False: "**missed**", None: ""}[figure.holds]
        rows.append(f"| {figure.name} | {figure.shown} | {figure.target} | {verdict} |")
    return "\n".join(rows) + "\n"
