"""What a person sees of an evaluation."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

_WORDS: Final = {
    "aligned": "aligned: no drift was seen",
    "drifted": "drifted: calibrate again",
    "cannot_tell": "cannot tell",
}
_TURNS: Final = ("pitch", "yaw", "roll")


def print_evaluation(console: Console, result: dict[str, Any]) -> None:
    """Print the `result` object of an evaluation: how far the frames lead away, the verdict and its reasons."""
    if (departure := result["departure"]) is not None:
        table = Table("direction", title="What the frames ask for", title_justify="left")
        table.add_column("away", justify="right")
        table.add_column("smallest drift that would be seen", justify="right")
        for name, value in departure["along"].items():
            unit = "°" if name in _TURNS else "m"
            table.add_row(name, *(_amount(each, unit) for each in (value, departure["smallest_visible"][name])))
        console.print(table)
    console.print(f"Verdict: {_WORDS[result['verdict']]}")
    for reason in result["reasons"]:
        console.print(f"- {reason}", markup=False)


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3f} {unit}"
