"""What is found from images that their network was not made for is never trusted.

The signals of `worker.calibration.robust.verdict` ask how sharp an estimate is and whether the cues agree. A network
that mistakes white walls for sky does so all over an image, and leads to a sharp estimate degrees off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.familiarity import is_unfamiliar
from worker.calibration.frame import Frame
from worker.calibration.result import CalibrationResult
from worker.calibration.robust.verdict import Level, Verdict

_REASON = (
    "The network {model} is unsure of {name}: it learned from rendered streets only, and takes photographs amiss. "
    "Name a pretrained network in image_model; `semalign models list` has them."
)


def doubt_unfamiliar(result: CalibrationResult, model: str | None, frames: Sequence[Frame]) -> CalibrationResult:
    """Return the result with its verdict lowered, and the reason, where a frame's image is strange to its network."""
    verdict = result.verdict
    strange = next((frame for frame in frames if is_unfamiliar(model, frame.image_scores)), None)
    if strange is None or verdict is None or verdict.level is Level.REJECTED:
        return result
    doubts = verdict.reasons if verdict.level is Level.LOW else ()
    return replace(result, verdict=Verdict(Level.LOW, (*doubts, _REASON.format(model=model, name=strange.name))))
