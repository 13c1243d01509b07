"""From what is known of a job to the HTML of its report."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from service.report.content import ReportContent
from service.report.convergence import HEIGHT, WIDTH, curve_of

_STYLE: Final = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
"""What browsers are told to hold the report to: it loads nothing and runs nothing."""

_VERDICTS: Final = {
    "high": "This extrinsic can be trusted",
    "low": "This extrinsic is doubtful",
    "rejected": "There is no estimate to trust",
    None: "This profile gives no verdict",
}
_AXES: Final = {
    "pitch": ("pitch (turn about x)", "°"),
    "yaw": ("yaw (turn about y)", "°"),
    "roll": ("roll (turn about z)", "°"),
    "right": ("centre, to the right (x)", " m"),
    "down": ("centre, down (y)", " m"),
    "forward": ("centre, forward (z)", " m"),
}


def render_report(content: ReportContent) -> str:
    """Write a report.

    Every text in it, names of files and classes included, is escaped; pictures are embedded; there is no script.
    """
    environment = Environment(
        loader=_PackageFiles(), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": _number, "bytes": _bytes, "pretty": _pretty, "colour": _colour}
    return environment.get_template("report.html.j2").render(
        content=content,
        result=content.result,
        # Our own file, and hashed as it is.
        style=Markup(_STYLE),  # noqa: S704
        policy=POLICY,
        headline=_VERDICTS[content.result["verdict"]],
        pictures=[(stage, _data_url(png)) for stage, png in content.overlays.items()],
        curve=curve_of(content.history),
        clarity=_clarity(content.result["confidence"] or {}),
        box=(WIDTH, HEIGHT),
        axes=_AXES,
    )


class _PackageFiles(BaseLoader):
    """Finds templates beside this module, wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:
        """Return a template's text."""
        return files(__package__).joinpath(template).read_text(encoding="utf-8"), None, None


def _clarity(confidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say how far the estimate stands out from its neighbours and its rivals, as far as the result tells."""
    lines = []
    if (drop := confidence.get("least_drop")) is not None:
        lines.append(("Turned by one degree, the frames are explained worse by at least", f"{_number(drop)} nats"))
    if (margin := confidence.get("rival_margin")) is not None:
        away = _number(confidence.get("rival_distance_deg"))
        lines.append(("Lead over the next best estimate", f"{_number(margin)} nats; that one lies {away}° away"))
    if (angle := confidence.get("cue_disagreement_deg")) is not None:
        lines.append(("Between what classes and other cues ask for", f"{_number(angle)}°"))
    return lines


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _number(value: float | None, digits: int = 3) -> str:
    """Write a number for people: a dash where there is none, no more digits than mean something."""
    if value is None:
        return "–"  # noqa: RUF001 a dash, as tables have it
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def _bytes(size: int | None) -> str:
    if size is None:
        return ""
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.1f} KiB"


def _pretty(request: Mapping[str, Any]) -> str:
    """Write a request with a line for each field: matrices stay in one."""
    lines = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in request.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _colour(rgb: Sequence[int]) -> str:
    red, green, blue = (int(part) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"
