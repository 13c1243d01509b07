"""The camera part of a request."""

from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from worker.inputs.json_values import Matrix3, Number

CameraModelName = Literal["pinhole", "fisheye", "omnidirectional", "double_sphere"]

EXAMPLE_CAMERA: JsonDict = {
    "model": "pinhole",
    "K": [[718.856, 0, 607.19], [0, 718.856, 185.21], [0, 0, 1]],
    "distortion": [],
}

# How many coefficients each model takes beside none at all.
_COEFFICIENTS: dict[CameraModelName, tuple[int, ...]] = {
    "pinhole": (4, 5, 8),
    "fisheye": (4,),
    "omnidirectional": (4, 5),
    "double_sphere": (),
}
_PARAMETERS: dict[CameraModelName, tuple[str, ...]] = {
    "pinhole": (),
    "fisheye": (),
    "omnidirectional": ("xi",),
    "double_sphere": ("xi", "alpha"),
}


class CameraModel(BaseModel):
    """Intrinsics of a camera; its images are used as they are, distorted or not."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [EXAMPLE_CAMERA]},
    )

    model: CameraModelName = "pinhole"
    """`pinhole`, `fisheye` (Kannala-Brandt), `omnidirectional` (unified, Mei) or `double_sphere`."""
    K: Matrix3
    """3x3 intrinsics in pixels, rows; the centre of the top-left pixel is (0, 0)."""
    distortion: tuple[Number, ...] = Field(default=(), max_length=14)
    """`pinhole`: k1 k2 p1 p2 [k3 [k4 k5 k6]]; `fisheye`: k1 k2 k3 k4; `omnidirectional`: k1 k2 p1 p2 [k3]."""
    xi: Annotated[Number, Field(gt=-1, le=100)] | None = None
    """Shift of the sphere of `omnidirectional` (0 or more) and of `double_sphere` (below 1); null otherwise."""
    alpha: Annotated[Number, Field(ge=0, le=1)] | None = None
    """Shift of the pinhole of `double_sphere`; null otherwise."""

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
        self._check_coefficients()
        self._check_parameters()
        return self

    def matrix(self) -> npt.NDArray[np.float64]:
        """Return K as a (3, 3) array, pixels."""
        return np.array(self.K)

    def coefficients(self) -> tuple[float, ...]:
        """Return the distortion without what is zero anyway: empty, or as many numbers as the model takes."""
        used = max((index + 1 for index, value in enumerate(self.distortion) if value), default=0)
        if used == 0:
            return ()
        length = min((count for count in _COEFFICIENTS[self.model] if count >= used), default=used)
        return (*self.distortion, *[0.0] * length)[:length]

    def _check_coefficients(self) -> None:
        allowed = _COEFFICIENTS[self.model]
        given = len(self.distortion)
        # OpenCV pads with the zeros of models that bend less.
        meant = given in allowed or given > max(allowed, default=0)
        if any(self.distortion) and (not meant or len(self.coefficients()) not in allowed):
            raise PydanticCustomError(
                "unsupported-distortion",
                "The camera model {model} takes {allowed} distortion coefficients, in OpenCV's order, not {given}; "
                "others may only be zero.",
                {"model": self.model, "allowed": " or ".join(map(str, allowed)) or "no", "given": given},
            )

    def _check_parameters(self) -> None:
        needed = _PARAMETERS[self.model]
        given = tuple(name for name in ("xi", "alpha") if getattr(self, name) is not None)
        if given != needed:
            raise PydanticCustomError(
                "invalid-camera",
                "The camera model {model} takes {needed}; given: {given}.",
                {
                    "model": self.model,
                    "needed": " and ".join(needed) or "neither xi nor alpha",
                    "given": " and ".join(given) or "none",
                },
            )
        if self.xi is not None and (self.xi >= 1 if self.model == "double_sphere" else self.xi < 0):
            raise PydanticCustomError(
                "invalid-camera",
                "xi must be 0 or more for omnidirectional, and between -1 and 1 for double_sphere; it is {xi}.",
                {"xi": self.xi},
            )
