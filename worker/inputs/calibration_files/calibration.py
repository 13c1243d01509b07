"""What every calibration file is read into and written from."""

from dataclasses import dataclass
from typing import Literal

from worker.inputs.camera_model import CameraModel
from worker.inputs.errors import InputError
from worker.inputs.rigid import Matrix

CameraAxes = Literal["optical", "body"]


@dataclass(frozen=True)
class FrameChoice:
    """Which of a file's frames are meant, where it has several.

    Attributes:
        camera: name of the camera's frame; None where there is only one that can be meant.
        lidar: likewise for the LiDAR.
        axes: `optical` where the camera's frame has x right, y down and z forward, `body` where it has x forward, y
            left and z up; None for what the format's users mean.
    """

    camera: str | None = None
    lidar: str | None = None
    axes: CameraAxes | None = None


@dataclass(frozen=True, eq=False)
class SensorCalibration:
    """A camera, where it is mounted relative to a LiDAR, or both.

    Attributes:
        camera: the intrinsics, or None where the file has none.
        image_size: width and height, pixels, where the file says them.
        T_cam_lidar: (4, 4) metres, p_cam = T_cam_lidar @ p_lidar with the camera's optical frame; None where the file
            has no extrinsic.
        camera_frame: the camera's name.
        lidar_frame: the LiDAR's name.
    """

    camera: CameraModel | None = None
    image_size: tuple[int, int] | None = None
    T_cam_lidar: Matrix | None = None
    camera_frame: str = "camera"
    lidar_frame: str = "lidar"

    def known_camera(self, what: str) -> CameraModel:
        """Return the intrinsics, which `what` needs.

        Raises:
            InputError: there are none.
        """
        if self.camera is None:
            raise invalid(f"{what} needs the intrinsics of the camera, which the file lacks: name one that has them.")
        return self.camera

    def known_rectified(self, what: str) -> CameraModel:
        """Return the intrinsics, which `what` can hold only without distortion.

        Raises:
            InputError: there are none, or the camera is no ideal pinhole.
        """
        camera = self.known_camera(what)
        if camera.model != "pinhole" or camera.coefficients():
            raise invalid(
                f"{what} has no place for the distortion of this camera ({camera.model}): write another format."
            )
        return camera

    def known_extrinsic(self, what: str) -> Matrix:
        """Return T_cam_lidar, which `what` needs.

        Raises:
            InputError: there is none.
        """
        if self.T_cam_lidar is None:
            raise invalid(f"{what} needs the extrinsic of camera and LiDAR, which the file lacks: name one too.")
        return self.T_cam_lidar


def invalid(message: str) -> InputError:
    """Return the error for a calibration file that cannot be used."""
    return InputError("invalid-calibration-file", message)
