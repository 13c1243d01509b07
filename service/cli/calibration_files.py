"""What `--camera` and `--initial` may be: parts of a request, or calibration files of other tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.inputs import InputError, image_size
from worker.inputs.calibration_files import FrameChoice, SensorCalibration, format_of, read_calibration
from worker.inputs.calibration_files.structured import parse_json_value, read_text
from worker.inputs.camera_model import CameraModel
from worker.inputs.initial_extrinsic import InitialExtrinsic
from worker.inputs.request import load_camera, load_initial

# Fields that tell a whole calibration, a frame's truth or a result from one part of a request.
_OF_WHOLES = {"camera", "initial", "outcome"}


@dataclass(frozen=True)
class CameraFile:
    """The camera of a file.

    Attributes:
        path: the file.
        model: lens and intrinsics.
        image_size: width and height of the images that they hold for, pixels; None where the file does not say.
    """

    path: Path
    model: CameraModel
    image_size: tuple[int, int] | None

    def for_image(self, image: Path) -> CameraModel:
        """Return the camera, where it can have taken this image; what is no image is left to those who read it.

        Nothing else tells intrinsics of images of another size, and every point would land elsewhere.

        Raises:
            InputError: the file is about images of another size.
        """
        if self.image_size is None or (size := image_size(image)) in {None, self.image_size}:
            return self.model
        stated, actual = (f"{width}x{height}" for width, height in (self.image_size, size))
        raise InputError(
            "invalid-camera",
            f"{self.path} has the intrinsics of images of {stated} pixels, but {image} has {actual}: give the image as "
            "the camera took it, or intrinsics scaled to its size.",
        )


def read_camera(path: Path, choice: FrameChoice) -> CameraFile:
    """Read the `camera` object of a request, or the intrinsics of any calibration file.

    Raises:
        InputError: the file cannot be used.
    """
    if _is_part(path, _OF_WHOLES | {"T_cam_lidar"}):
        return CameraFile(path, load_camera(path), None)
    calibration = _read(path, choice)
    return CameraFile(path, calibration.known_camera("--camera"), calibration.image_size)


def initial_from_file(path: Path, choice: FrameChoice) -> InitialExtrinsic:
    """Read the `initial` object of a request, or the extrinsic of any calibration file.

    Raises:
        InputError: the file cannot be used.
    """
    if _is_part(path, _OF_WHOLES | {"K"}):
        return load_initial(path)
    rows = _read(path, choice).known_extrinsic("--initial").tolist()
    return InitialExtrinsic.model_validate_json(f'{{"T_cam_lidar": {rows}}}')


def _read(path: Path, choice: FrameChoice) -> SensorCalibration:
    with _without_from():
        return read_calibration(path, choice=choice)


@contextmanager
def _without_from() -> Iterator[None]:
    """Point to `semalign convert` where a sentence asks for its `--from`."""
    try:
        yield
    except InputError as error:
        message = error.message.replace("say which with --from", "give --from of `semalign convert` its format")
        raise InputError(error.code, message) from error


def _is_part(path: Path, fields_of_others: set[str]) -> bool:
    """Tell whether a file is one part of a request, every field of which is then checked."""
    with _without_from():
        name = format_of(path)
    if name != "semalign" or path.is_dir():
        return False
    return not fields_of_others & set(parse_json_value(read_text(path), str(path)))
