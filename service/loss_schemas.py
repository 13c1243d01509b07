"""The alignment loss as results carry it."""

from pydantic import BaseModel, ConfigDict, Field


class ClassLoss(BaseModel):
    """Eq. 1 for one class."""

    model_config = ConfigDict(extra="allow")

    px2: float = Field(description="Sum of squared distances, px^2.")
    points: int = Field(description="LiDAR points of the class in view.")


class AlignmentLoss(BaseModel):
    """Eq. 1 of the paper at one extrinsic."""

    model_config = ConfigDict(extra="allow")

    total_px2: float | None
    mean_distance_px: float | None
    per_class: dict[str, ClassLoss]
