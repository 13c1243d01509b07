"""Values as a report writes them."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any


def number(value: float | None, digits: int = 3) -> str:
    """Write a number for people: a dash where there is none, no more digits than mean something."""
    if value is None:
        return "–"  # noqa: RUF001 a dash, as tables have it
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def fixed(value: float, *, sign: str = "") -> str:
    """Write degrees or metres to three places, so that a column of them can be compared at a glance."""
    return f"{value:{sign}.3f}"


def size_in_bytes(size: int | None) -> str:
    """Write the size of a file; nothing where it is not known."""
    if size is None:
        return ""
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.1f} KiB"


def pretty(request: Mapping[str, Any]) -> str:
    """Write a request with a line for each field: matrices stay in one."""
    lines = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in request.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def colour(rgb: Sequence[int]) -> str:
    """Write a colour as SVG has it."""
    red, green, blue = (int(part) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def data_url(png: bytes) -> str:
    """Write a picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
