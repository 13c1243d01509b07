"""Settings of the robust profile. The defaults are meant for everybody; ablations turn single terms off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

_WEIGHT_FIELD = {"semantic": "semantic_weight", "intensity": "intensity_weight", "edges": "edge_weight"}


@dataclass(frozen=True)
class RobustSettings:
    """How the robust profile weighs, searches and climbs.

    Attributes:
        semantic_weight: weight of the mutual information of class groups.
        intensity_weight: weight of the mutual information of brightness and reflected intensity.
        edge_weight: weight of depth edges on brightness edges.
        observations_per_frame: independent observations one frame is worth; sets the evidence against the prior.
        num_candidates: poses spread over a prior of 10 degrees; a wider one gets more of all three.
        num_basins: regions of the pose space that are followed up.
        num_finalists: basins that are climbed to the end with all points.
        num_second_looks: poses tried around the best of them, sharp and with every cue; 0 for no second look.
    """

    semantic_weight: float = 1.0
    intensity_weight: float = 1.5
    edge_weight: float = 3.0
    observations_per_frame: float = 400.0
    num_candidates: int = 3000
    num_basins: int = 16
    num_finalists: int = 4
    num_second_looks: int = 512

    def without(self, cues: Collection[str]) -> RobustSettings:
        """Return the same settings with some cues switched off.

        Raises:
            ValueError: there is no cue of that name, or none would be left that can be searched.
        """
        if unknown := set(cues) - set(self.weights):
            raise ValueError(f"there is no cue {', '.join(sorted(unknown))}: choose among {', '.join(self.weights)}")
        if {"semantic", "intensity"} <= set(cues):
            raise ValueError("depth edges alone cannot be searched for: keep semantic or intensity")
        off = {_WEIGHT_FIELD[cue]: 0.0 for cue in cues}
        return replace(self, **off)  # type: ignore[arg-type]

    def with_values(self, values: Mapping[str, float]) -> RobustSettings:
        """Return the same settings with other values, by name.

        Raises:
            ValueError: there is no setting of that name, or it cannot have this value.
        """
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        if unknown := set(values) - set(kinds):
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}: choose among {', '.join(kinds)}")
        if wrong := [name for name, value in values.items() if value < 0 or kinds[name](value) != value]:
            raise ValueError(f"{', '.join(wrong)}: weights are no less than 0, and counts are whole numbers")
        return replace(self, **{name: kinds[name](value) for name, value in values.items()})

    @property
    def weights(self) -> dict[str, float]:
        """Return the weight of each term by its name."""
        return {"semantic": self.semantic_weight, "intensity": self.intensity_weight, "edges": self.edge_weight}
