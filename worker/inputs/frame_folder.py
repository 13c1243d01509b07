"""Frames on disk: one folder with an image, a cloud and the extrinsic that is known for them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel
from pydantic_core import PydanticCustomError

from worker.inputs.camera_model import CameraModel
from worker.inputs.cloud import PointCloud
from worker.inputs.errors import InputError
from worker.inputs.image import read_image
from worker.inputs.json_file import parse_json, read_json
from worker.inputs.json_values import Matrix3, Matrix4, Number
from worker.inputs.label_image import read_label_image
from worker.inputs.point_cloud import read_point_cloud
from worker.inputs.point_labels import read_point_labels
from worker.inputs.rigid import Matrix, nearest_rigid, rigid_problem

_IMAGE_NAMES = ("image.png", "image.jpg", "image.jpeg")


def _check_rigid(rows: Matrix4) -> Matrix4:
    problem = rigid_problem(np.array(rows))
    if problem is not None:
        raise PydanticCustomError("non-rigid-extrinsic", "not a rigid transform: {problem}", {"problem": problem})
    return rows


class _Truth(BaseModel):
    """`gt.json`; other keys are remarks."""

    model_config = ConfigDict(frozen=True)

    K: Matrix3
    T_cam_lidar: Annotated[Matrix4, AfterValidator(_check_rigid)]
    model: str = "pinhole"
    distortion: tuple[Number, ...] = ()
    xi: Number | None = None
    alpha: Number | None = None


class _ClassNames(RootModel[dict[Annotated[int, Field(ge=0, le=65535)], str]]):
    """`image_classes.json` and `point_classes.json`: id -> name."""


@dataclass(frozen=True)
class FrameFolder:
    """One image and one LiDAR sweep, with all that is known about them.

    The folder holds `image.png` or `image.jpg`, `cloud.bin` and `gt.json`; where there are labels, `image_labels.png`
    with `image_classes.json` and `labels.label` with `point_classes.json`. Nothing is read before it is asked for;
    every access may raise `InputError`.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self.path.name

    @cached_property
    def _truth(self) -> _Truth:
        return read_json(_Truth, self.path / "gt.json")

    @property
    def camera(self) -> CameraModel:
        """Return the intrinsics as a request carries them."""
        intrinsics = self._truth.model_dump_json(include={"model", "K", "distortion", "xi", "alpha"})
        return parse_json(CameraModel, intrinsics, what=str(self.path / "gt.json"))

    @property
    def K(self) -> Matrix:  # noqa: N802 the field's own name
        """Return the intrinsics (3, 3), pixels."""
        return np.array(self._truth.K)

    @property
    def distortion(self) -> tuple[float, ...]:
        """Return the coefficients as `CameraModel` takes them; empty where the image is rectified."""
        return self._truth.distortion

    @property
    def T_cam_lidar(self) -> Matrix:  # noqa: N802 the field's own name
        """Return the known extrinsic (4, 4), metres: p_cam = T_cam_lidar @ p_lidar."""
        return nearest_rigid(np.array(self._truth.T_cam_lidar))

    @property
    def image_path(self) -> Path:
        """Return the camera image's file."""
        for name in _IMAGE_NAMES:
            if (self.path / name).is_file():
                return self.path / name
        raise InputError("invalid-frame-folder", f"{self.path} holds no image: add {' or '.join(_IMAGE_NAMES[:2])}.")

    def image(self) -> npt.NDArray[np.uint8]:
        """Read the camera image, (H, W, 3) RGB."""
        return read_image(self.image_path)

    def cloud(self) -> PointCloud:
        """Read the LiDAR sweep."""
        return read_point_cloud(self.path / "cloud.bin", "cloud.bin")

    def image_labels(self) -> npt.NDArray[np.uint16] | None:
        """Read the class ids of the pixels, (H, W), or None where the folder has none."""
        path = self.path / "image_labels.png"
        return read_label_image(path) if path.is_file() else None

    def point_labels(self) -> npt.NDArray[np.uint16] | None:
        """Read the class ids of the points as they stand in `cloud.bin`, (M,), or None where the folder has none.

        `PointCloud.of_kept_points` picks those of the points that `cloud()` kept.
        """
        path = self.path / "labels.label"
        return read_point_labels(path, path.name) if path.is_file() else None

    def image_classes(self) -> dict[int, str] | None:
        """Read what the ids of `image_labels` mean, or None where the folder does not say."""
        return self._class_names("image_classes.json")

    def point_classes(self) -> dict[int, str] | None:
        """Read what the ids of `point_labels` mean, or None where the folder does not say."""
        return self._class_names("point_classes.json")

    def _class_names(self, name: str) -> dict[int, str] | None:
        path = self.path / name
        return read_json(_ClassNames, path).root if path.is_file() else None


def list_frame_folders(data_dir: Path, select: str = "*") -> list[FrameFolder]:
    """Return the frames below `data_dir` whose names match the glob `select`, sorted by name.

    Raises:
        InputError: `invalid-frame-folder` when there is none.
    """
    folders = [FrameFolder(path) for path in sorted(data_dir.glob(select)) if (path / "gt.json").is_file()]
    if not folders:
        raise InputError(
            "invalid-frame-folder", f"{data_dir} has no folder matching {select!r} with a gt.json: check both."
        )
    return folders
