"""From what is known of a job to the HTML of its report."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from service.report import written
from service.report.axes import AXES
from service.report.calibration import describe_calibration
from service.report.content import ReportContent
from service.report.evaluation import describe_evaluation

_TEMPLATES: Final = files(__package__).joinpath("templates")
_STYLE: Final = _TEMPLATES.joinpath("report.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
"""What browsers are told to hold the report to: it loads nothing and runs nothing."""

# Each kind of result has a template of its name, and what that needs to know beside the result.
_KINDS: Final[Mapping[str, Callable[[ReportContent], dict[str, Any]]]] = {
    "calibration": describe_calibration,
    "evaluation": describe_evaluation,
}


def render_report(content: ReportContent) -> str:
    """Write the report of a calibration or of an evaluation.

    Every text in it, names of files and classes included, is escaped; pictures are embedded; there is no script.
    """
    environment = Environment(
        loader=_PackageFiles(), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "number": written.number,
        "fixed": written.fixed,
        "bytes": written.size_in_bytes,
        "pretty": written.pretty,
        "colour": written.colour,
        "data_url": written.data_url,
    }
    # Results of calibrations name no kind.
    kind = content.result.get("kind", "calibration")
    return environment.get_template(f"{kind}.html.j2").render(
        content=content,
        result=content.result,
        # Our own file, and hashed as it is.
        style=Markup(_STYLE),  # noqa: S704
        policy=POLICY,
        axes=AXES,
        **_KINDS[kind](content),
    )


class _PackageFiles(BaseLoader):
    """Finds templates beside this module, wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:
        """Return a template's text."""
        return _TEMPLATES.joinpath(template).read_text(encoding="utf-8"), None, None
