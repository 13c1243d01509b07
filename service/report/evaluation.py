"""What the report of an evaluation says beside its result."""

import math
from collections.abc import Mapping
from typing import Any, Final

from service.report.axes import AXES
from service.report.clarity import clarity_of
from service.report.content import ReportContent
from service.report.written import number

_TRACKED: Final = (
    "Tracked: a short climb from the extrinsic in question, which reaches about one degree. Only a full evaluation "
    "compares it with random turns."
)
_HEADLINES: Final = {
    "aligned": "No drift was seen",
    "drifted": "The extrinsic has drifted: calibrate again",
    "cannot_tell": "These frames cannot tell",
}


def describe_evaluation(content: ReportContent) -> dict[str, Any]:
    """Return the names that `evaluation.html.j2` needs."""
    result = content.result
    departure, losses = result["departure"], result["alignment_loss"]
    # Results that are older than tracking do not say.
    is_tracked = result.get("tracking", False)
    return {
        "headline": _HEADLINES[result["verdict"]],
        "sentences": [_TRACKED] if is_tracked else [],
        "reasons": result["reasons"],
        "captions": {
            "initial": "Given: the extrinsic in question",
            "final": "Estimate: the nearest extrinsic that the frames ask for",
        },
        "losses": {
            words: losses[where]
            for where, words in (("given", "given"), ("estimate", "at the estimate"))
            if losses[where] is not None
        },
        "doubt": _doubt(departure),
        "is_tracked": is_tracked,
        "is_beyond_chance": departure is not None and departure["statistic"] > departure["threshold"],
        "comparison": _comparison(result),
        "clarity": clarity_of(result["confidence"]),
    }


def _doubt(departure: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the standard deviation of the departure along each direction, deg and m."""
    if departure is None:
        return {}
    return {
        name: axis.scale * math.sqrt(departure["covariance"][place][place])
        for place, (name, axis) in enumerate(AXES.items())
    }


def _comparison(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say how the given extrinsic stands beside others, as far as the result tells."""
    lines = []
    if (z_score := result["z_score"]) is not None:
        lines.append(("Better than random turns of up to 2.5° by", f"{number(z_score)} standard deviations of theirs"))
    if (share := result["share_beaten"]) is not None:
        lines.append(("Share of these turns that it beats", f"{number(100 * share)} %"))
    if (gain := result["gain"]) is not None:
        lines.append(("The estimate explains the frames better by", f"{number(gain)} nats an observation"))
    return lines
