"""What a finished evaluation answers; field names are the contract."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.loss_schemas import AlignmentLoss

EvaluationVerdict = Literal["aligned", "drifted", "cannot_tell"]
_Directions = dict[Literal["pitch", "yaw", "roll", "right", "down", "forward"], float | None]


class EvaluationLoss(BaseModel):
    """The alignment loss at the given extrinsic, and at the one that the frames ask for."""

    model_config = ConfigDict(extra="allow")

    given: AlignmentLoss
    estimate: AlignmentLoss | None


class Departure(BaseModel):
    """What leads from the given extrinsic to the one that the frames ask for."""

    model_config = ConfigDict(extra="allow")

    along: _Directions = Field(description="Deg for turns about the camera's axes, m for shifts along them.")
    xi: list[float] = Field(description="The same six in rad and m.")
    covariance: list[list[float]] = Field(description="6x6 of `xi`.")
    statistic: float = Field(description="Squared length in standard deviations.")
    threshold: float = Field(description="From which on it is drift, at 1 % false alarms.")
    smallest_visible: _Directions = Field(description="Smallest drift along each axis that would have been seen.")


class EvaluationResult(BaseModel):
    """What frames say of a given extrinsic."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["evaluation"]
    verdict: EvaluationVerdict
    reasons: list[str] = Field(description="Why, in sentences.")
    T_cam_lidar: list[list[float]] = Field(description="The extrinsic as it was given.")
    alignment_loss: EvaluationLoss
    z_score: float | None = Field(description="By how many standard deviations it beats random turns of up to 2.5 deg.")
    share_beaten: float | None = Field(description="The share of them that it beats.")
    gain: float | None = Field(description="How much better the estimate explains the frames, nats an observation.")
    departure: Departure | None
    estimate_T_cam_lidar: list[list[float]] | None = Field(description="The nearest extrinsic the frames ask for.")
    confidence: dict[str, Any] | None
    tracking: bool = Field(default=False, description="Tracked: `z_score`, `share_beaten` and `confidence` are null.")
    seconds: dict[str, float]
    models: dict[str, Any]
    seed: int
    version: str
