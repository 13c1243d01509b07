"""How far an estimate stands out from its neighbours and its rivals."""

from collections.abc import Mapping
from typing import Any

from service.report.written import number


def clarity_of(confidence: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Say it in pairs of words and values, as far as the result tells."""
    confidence, lines = confidence or {}, []
    if (drop := confidence.get("least_drop")) is not None:
        lines.append(("Turned by one degree, the frames are explained worse by at least", f"{number(drop)} nats"))
    if (margin := confidence.get("rival_margin")) is not None:
        away = number(confidence.get("rival_distance_deg"))
        lines.append(("Lead over the next best estimate", f"{number(margin)} nats; that one lies {away}° away"))
    if (angle := confidence.get("cue_disagreement_deg")) is not None:
        lines.append(("Between what classes and other cues ask for", f"{number(angle)}°"))
    return lines
