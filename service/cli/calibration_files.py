"""What `--camera` and `--initial` may be: parts of a request, or calibration files of other tools."""

from pathlib import Path

from worker.inputs.calibration_files import FrameChoice, format_of, read_calibration
from worker.inputs.calibration_files.structured import parse_json_value, read_text
from worker.inputs.camera_model import CameraModel
from worker.inputs.initial_extrinsic import InitialExtrinsic
from worker.inputs.request import load_camera, load_initial

# Fields that tell a whole calibration, a frame's truth or a result from one part of a request.
_OF_WHOLES = {"camera", "initial", "outcome"}


def camera_from_file(path: Path, choice: FrameChoice) -> CameraModel:
    """Read the `camera` object of a request, or the intrinsics of any calibration file.

    Raises:
        InputError: the file cannot be used.
    """
    if _is_part(path, _OF_WHOLES | {"T_cam_lidar"}):
        return load_camera(path)
    return read_calibration(path, choice=choice).known_camera("--camera")


def initial_from_file(path: Path, choice: FrameChoice) -> InitialExtrinsic:
    """Read the `initial` object of a request, or the extrinsic of any calibration file.

    Raises:
        InputError: the file cannot be used.
    """
    if _is_part(path, _OF_WHOLES | {"K"}):
        return load_initial(path)
    rows = read_calibration(path, choice=choice).known_extrinsic("--initial").tolist()
    return InitialExtrinsic.model_validate_json(f'{{"T_cam_lidar": {rows}}}')


def _is_part(path: Path, fields_of_others: set[str]) -> bool:
    """Tell whether a file is one part of a request, every field of which is then checked."""
    if format_of(path) != "semalign" or path.is_dir():
        return False
    return not fields_of_others & set(parse_json_value(read_text(path), str(path)))
