"""The camera part of a request."""

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from worker.inputs.json_values import Matrix3, Number

EXAMPLE_CAMERA: JsonDict = {
    "model": "pinhole",
    "K": [[718.856, 0, 607.19], [0, 718.856, 185.21], [0, 0, 1]],
    "distortion": [],
}


class CameraModel(BaseModel):
    """Intrinsics of an undistorted pinhole camera."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [EXAMPLE_CAMERA]},
    )

    model: Literal["pinhole"] = "pinhole"
    """The projection."""
    K: Matrix3
    """3x3 intrinsics in pixels, rows; the centre of the top-left pixel is (0, 0)."""
    distortion: tuple[Number, ...] = Field(default=(), max_length=14)
    """Empty, or all zero: only undistorted images are calibrated."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        (fx, _, _), (lower, fy, _), last_row = self.K
        if fx <= 0 or fy <= 0:
            raise PydanticCustomError(
                "invalid-camera",
                "The focal lengths K[0][0] and K[1][1] must be positive, in pixels; they are {fx} and {fy}.",
                {"fx": fx, "fy": fy},
            )
        if lower != 0 or last_row != (0.0, 0.0, 1.0):
            raise PydanticCustomError(
                "invalid-camera", "K must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]], row by row (is it transposed?)."
            )
        if any(self.distortion):
            raise PydanticCustomError(
                "unsupported-distortion",
                "Distorted images are not supported: undistort the image, send the K of the undistorted one and an "
                "empty distortion.",
            )
        return self

    def matrix(self) -> npt.NDArray[np.float64]:
        """Return K as a (3, 3) array, pixels."""
        return np.array(self.K)
