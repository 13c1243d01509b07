"""What the report of a calibration says beside its result."""

from typing import Any, Final

from service.report.clarity import clarity_of
from service.report.content import ReportContent
from service.report.convergence import HEIGHT, WIDTH, curve_of

_HEADLINES: Final = {
    "high": "This extrinsic can be trusted",
    "low": "This extrinsic is doubtful",
    "rejected": "There is no estimate to trust",
    None: "This profile gives no verdict",
}


def describe_calibration(content: ReportContent) -> dict[str, Any]:
    """Return the names that `calibration.html.j2` needs."""
    result = content.result
    return {
        "headline": _HEADLINES[result["verdict"]],
        "sentences": [result["message"]],
        "reasons": [reason for reason in result["reasons"] if reason != result["message"]],
        "captions": {"initial": "Before: the initial extrinsic", "final": "After: the returned extrinsic"},
        "losses": {stage: result["alignment_loss"][stage] for stage in ("before", "after")},
        "curve": curve_of(content.history),
        "clarity": clarity_of(result["confidence"]),
        "box": (WIDTH, HEIGHT),
    }
