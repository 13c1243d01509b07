"""Label images: one class id a pixel."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from worker.inputs.errors import InputError
from worker.inputs.image_file import check_image_file, open_image
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.source import Data, Source, read_source

_FORMATS = ("PNG",)
_BIT_DEPTH_AT = 24  # signature 8, chunk length 4, "IHDR" 4, width 4, height 4


def check_label_image(source: Source, limits: InputLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Refuse what `read_label_image` refuses, as far as `check_image_file` can tell; return height and width else.

    Raises:
        InputError: As `read_label_image`.
    """
    header = check_image_file(read_source(source, limits), _FORMATS, limits)
    _check_mode(header.mode)
    return header.height, header.width


def read_label_image(source: Source, limits: InputLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint16]:
    """Read the class ids of a single-channel PNG, (H, W): its gray values, or the indices of its palette.

    Raises:
        InputError: `unsupported-label-image`, or as `read_image`.
    """
    data = read_source(source, limits)
    image = open_image(data, _FORMATS, limits)
    _check_mode(image.mode)
    labels = np.asarray(image).astype(np.uint16)
    return labels // _gray_step(image, data)


def _check_mode(mode: str) -> None:
    if mode not in {"1", "L", "P"} and not mode.startswith("I"):
        raise InputError(
            "unsupported-label-image",
            f"The label image has the channels {mode}: save the class ids as an 8- or 16-bit grayscale PNG.",
        )


def _gray_step(image: Image.Image, data: Data) -> np.uint16:
    """Return what one id is worth in Pillow's values: it stretches 2- and 4-bit grayscale over 0..255."""
    bit_depth = data[_BIT_DEPTH_AT]
    stretched = image.mode == "L" and bit_depth < 8
    return np.uint16(255 // (2**bit_depth - 1) if stretched else 1)


def check_label_image_size(labels: tuple[int, ...], image: tuple[int, ...]) -> None:
    """Check that a label image covers its camera image pixel by pixel.

    Args:
        labels: Height and width of the label image.
        image: Those of the camera image; channels behind them do not count.

    Raises:
        InputError: `label-image-size`.
    """
    (label_height, label_width), (height, width) = labels[:2], image[:2]
    if (label_height, label_width) != (height, width):
        raise InputError(
            "label-image-size",
            f"The label image is {label_width}x{label_height} pixels, the camera image {width}x{height}: "
            "send labels of the image's own size.",
        )
