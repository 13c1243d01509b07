"""What the endpoints for viewers answer; field names are the contract."""

from typing import Literal

from pydantic import BaseModel, Field

from worker.inputs.camera_model import CameraModel

Matrix4 = list[list[float]]


class ViewClass(BaseModel):
    """One class of the first frame."""

    name: str
    colour: tuple[int, int, int] = Field(description="Of its points in overlays, RGB 0 to 255.")
    counted: bool = Field(description="Whether `alignment_loss` counts it.")


class SentFile(BaseModel):
    """A file of the request."""

    part: Literal["request", "image", "point_cloud", "image_labels", "point_labels"]
    name: str
    href: str


class ViewLinks(BaseModel):
    """Where the rest of a view is found."""

    image_classes: str = Field(description="Class of every pixel of the first image.")
    points: str = Field(description="Points of the first cloud with their classes.")
    inputs: list[SentFile] = Field(description="What was sent, as long as it is kept.")


class JobView(BaseModel):
    """What a viewer needs to show a job's first frame."""

    camera: CameraModel
    image_width: int
    image_height: int
    classes: list[ViewClass] = Field(description="A byte of the pixels' and points' classes counts from 1 in here.")
    history: list[float] = Field(
        description="The alignment loss after each step of the refinement, px^2; empty with `robust`, which climbs "
        "scores of its own."
    )
    links: ViewLinks


class ReadExtrinsic(BaseModel):
    """An extrinsic, as a request takes it."""

    T_cam_lidar: Matrix4 = Field(description="p_cam = T_cam_lidar @ p_lidar.")


class ReadCalibration(BaseModel):
    """What a calibration file holds, as a request takes it."""

    camera: CameraModel | None = Field(description="Null where the file has no intrinsics.")
    initial: ReadExtrinsic | None = Field(description="Null where the file has no extrinsic.")
    image_width: int | None
    image_height: int | None
    camera_frame: str
    lidar_frame: str
