"""What `--camera` and `--initial` may be: parts of a request, or calibration files of other tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.inputs import InputError, check_image
from worker.inputs.calibration_files import FrameChoice, SensorCalibration, format_of, read_calibration
from worker.inputs.calibration_files.structured import parse_json_value, read_text
from worker.inputs.camera_model import CameraModel
from worker.inputs.initial_extrinsic import InitialExtrinsic
from worker.inputs.request import load_camera, load_initial

# Fields that tell a whole calibration, a frame's truth or a result from one part of a request.
_OF_WHOLES = {"camera", "initial", "outcome"}


def camera_from_file(path: Path, choice: FrameChoice, image: Path | None = None) -> CameraModel:
    """Read the `camera` object of a request, or the intrinsics of any calibration file.

    Args:
        path: the file.
        choice: which of its frames are meant.
        image: one that the camera took; its size must be the one that the file states, where it states one.

    Raises:
        InputError: the file cannot be used, or not with this image.
    """
    if _is_part(path, _OF_WHOLES | {"T_cam_lidar"}):
        return load_camera(path)
    calibration = _read(path, choice)
    if image is not None and calibration.image_size is not None:
        _check_size(calibration.image_size, path, image)
    return calibration.known_camera("--camera")


def initial_from_file(path: Path, choice: FrameChoice) -> InitialExtrinsic:
    """Read the `initial` object of a request, or the extrinsic of any calibration file.

    Raises:
        InputError: the file cannot be used.
    """
    if _is_part(path, _OF_WHOLES | {"K"}):
        return load_initial(path)
    rows = _read(path, choice).known_extrinsic("--initial").tolist()
    return InitialExtrinsic.model_validate_json(f'{{"T_cam_lidar": {rows}}}')


def _check_size(stated: tuple[int, int], path: Path, image: Path) -> None:
    """Refuse intrinsics of images of another size: nothing else tells, and every point would land elsewhere."""
    height, width = check_image(image)
    if stated != (width, height):
        raise InputError(
            "invalid-camera",
            f"{path} has the intrinsics of images of {stated[0]}x{stated[1]} pixels, but {image} has {width}x{height}: "
            "give the image as the camera took it, or intrinsics scaled to its size.",
        )


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
