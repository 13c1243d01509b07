"""What a caller asks for: the JSON part of a calibration request."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from worker.inputs.camera_model import EXAMPLE_CAMERA, CameraModel
from worker.inputs.errors import InputError
from worker.inputs.initial_extrinsic import EXAMPLE_INITIAL, InitialExtrinsic
from worker.inputs.json_file import parse_json, read_json
from worker.inputs.json_values import Integer, Number

__all__ = [
    "CalibrationOptions",
    "CalibrationRequest",
    "CameraModel",
    "InitialExtrinsic",
    "Prior",
    "Profile",
    "check_is_calibration",
    "check_label_sources",
    "load_camera",
    "load_initial",
    "parse_request",
]

Profile = Literal["robust", "paper"]

ClassName = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
ClassId = Annotated[int, Field(ge=0, le=65535)]
LabelMap = Annotated[dict[ClassId, ClassName], Field(min_length=1, max_length=65536)]
# A catalogue name, never a path: the API must not be made to open files of its host.
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}$")]


class _RequestPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Prior(_RequestPart):
    """How far the initial extrinsic may be off; the search stays inside."""

    rotation_deg: Annotated[Number, Field(ge=0, le=180)] = 10.0
    """Bound on roll, pitch and yaw of the camera, each, degrees."""
    translation_m: Annotated[Number, Field(ge=0, le=10)] = 0.2
    """Bound on the camera centre along each axis, metres."""


class CalibrationOptions(_RequestPart):
    """Settings of profile `paper`, with its defaults; `robust` takes `hold_translation` and `classes` only.

    Evaluations take `classes` and `tracking`.
    """

    classes: tuple[ClassName, ...] = Field(default=("car", "road", "sidewalk"), min_length=1, max_length=64)
    """Common names of the classes that `paper` aligns and `alignment_loss` reports; `robust` aligns all there are."""
    num_samples: Annotated[Integer, Field(ge=1, le=100_000)] = 5000
    """N, random transforms tried by the loss-guided initialization."""
    min_points_in_view: Annotated[Integer, Field(ge=1, le=2_000_000)] = 8000
    """M, LiDAR points of any class a candidate must keep in the image."""
    learning_rate: Annotated[Number, Field(gt=0, le=1)] = 1e-3
    """Step of the gradient-based refinement, rad and m."""
    num_iterations: Annotated[Integer, Field(ge=1, le=100_000)] = 1000
    """Steps of the gradient-based refinement."""
    hold_translation: Annotated[bool, Field(strict=True)] = False
    """Keep the camera centre of the initial extrinsic and estimate the rotation only."""
    tracking: Annotated[bool, Field(strict=True)] = False
    """Evaluate by tracking: a short climb from `initial` and nothing else. Of evaluations only, not of calibrations."""

    @field_validator("classes")
    @classmethod
    def _refuse_repeated(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) != len(classes):
            raise PydanticCustomError("invalid-request", "Every class may be named once only.")
        return classes


class CalibrationRequest(_RequestPart):
    """A calibration of one rig from one or more frames."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "camera": EXAMPLE_CAMERA,
                    "initial": EXAMPLE_INITIAL,
                    "prior": {"rotation_deg": 10, "translation_m": 0.05},
                    "profile": "paper",
                    "image_model": "espnetv2_s2_cityscapes",
                    "cloud_model": "mininet3d_tiny_semantickitti",
                    "seed": 0,
                }
            ]
        }
    )

    camera: CameraModel
    """Intrinsics of the camera."""
    initial: InitialExtrinsic
    """The extrinsic the caller believes in."""
    prior: Prior = Prior()
    """How far it may be off."""
    profile: Profile = "robust"
    """`robust` aligns every class, brightness and depth edges and gives a verdict; `paper` follows the paper."""
    image_model: ModelName | None = None
    """Network that segments the images; `auto` chooses one and says why; null: the uploaded labels, else `auto`."""
    cloud_model: ModelName | None = None
    """Network that segments the clouds; `auto` goes by the sensor and says why; null: uploaded labels, else `auto`."""
    image_label_map: LabelMap | None = None
    """Class name of every id in the uploaded image labels; ids left out are ignored."""
    point_label_map: LabelMap | None = None
    """Class name of every id in the uploaded point labels; ids left out are ignored."""
    options: CalibrationOptions = CalibrationOptions()
    """Settings of profile `paper`, and what both profiles share."""
    # 2^53 - 1: beyond it, JSON readers that hold numbers as doubles would change the seed.
    seed: Annotated[Integer, Field(ge=0, le=2**53 - 1)] = 0
    """Seed of everything random; the same seed on the same device gives the same result."""


def parse_request(text: str | bytes) -> CalibrationRequest:
    """Read the JSON `request` part.

    Raises:
        InputError: every problem in one message; the code is the problem's own where there is only one kind.
    """
    return parse_json(CalibrationRequest, text, what="request")


def load_camera(path: Path) -> CameraModel:
    """Read a JSON file that holds the `camera` object of a request.

    Raises:
        InputError: the file cannot be read or is no camera.
    """
    return read_json(CameraModel, path)


def load_initial(path: Path) -> InitialExtrinsic:
    """Read a JSON file that holds the `initial` object of a request.

    Raises:
        InputError: the file cannot be read or is no extrinsic.
    """
    return read_json(InitialExtrinsic, path)


def check_is_calibration(request: CalibrationRequest) -> None:
    """Check that a request asks for nothing that only an evaluation can do.

    Raises:
        InputError: `tracking-without-evaluation`.
    """
    if request.options.tracking:
        raise InputError(
            "tracking-without-evaluation",
            "options.tracking is for POST /evaluate and POST /rigs/{id}/frames, and a calibration searches: remove it, "
            "or send the request there.",
        )


def check_label_sources(request: CalibrationRequest, *, has_image_labels: bool, has_point_labels: bool) -> None:
    """Check that images and clouds each get their classes from one place only: a network or uploaded labels.

    Raises:
        InputError: `ambiguous-segmentation`, `missing-label-map` or `unused-label-map`.
    """
    _check_modality("image", request.image_model, request.image_label_map is not None, has_image_labels)
    _check_modality("point", request.cloud_model, request.point_label_map is not None, has_point_labels)


def _check_modality(modality: Literal["image", "point"], model: str | None, has_map: bool, has_labels: bool) -> None:
    model_field = "image_model" if modality == "image" else "cloud_model"
    labels, label_map = f"{modality}_labels", f"{modality}_label_map"
    if has_labels and model is not None:
        raise InputError("ambiguous-segmentation", f"Both {labels} and {model_field} are given: remove one of the two.")
    if has_labels and not has_map:
        raise InputError(
            "missing-label-map", f"{labels} came without {label_map}: say in the request what their ids mean."
        )
    if not has_labels and has_map:
        raise InputError("unused-label-map", f"{label_map} is given without {labels}: upload them or remove it.")
